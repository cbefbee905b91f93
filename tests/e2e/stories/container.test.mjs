// What is shipped to run in containers: whether its files agree with each other, with the program and with nginx. Containers
// themselves are not started.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const BIN = resolve(process.env.SOFIE_BIN);
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const FOLDER = join(ROOT, 'packaging/container');
const HOST = 'files.example.net';

/** The instructions of a Containerfile, continued lines joined. */
const instructions = (text) =>
  text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));

describe('containers', () => {
  let dir, compose, ours;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'sofie-container-'));
    mkdirSync(join(dir, 'container'));
    cpSync(FOLDER, join(dir, 'container'), { recursive: true });
    rmSync(join(dir, 'container/secrets'), { recursive: true, force: true });
    rmSync(join(dir, 'container/tls'), { recursive: true, force: true });
    execFileSync(join(dir, 'container/secrets.sh'), [HOST]);
    compose = parse(readFileSync(join(FOLDER, 'compose.yaml'), 'utf8'), { merge: true });
    ours = Object.entries(compose.services).filter(([, service]) => service.image === 'sofie');
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('has every part, and the parts wait for each other', () => {
    const of = (name) => compose.services[name];
    assert.deepEqual([of('web').deploy.replicas, of('worker').deploy.replicas], [2, 2]);
    for (const [name, service] of Object.entries(compose.services)) {
      assert.ok(service.image, name);
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        assert.ok(of(other), `${name} waits for ${other}, which is not there`);
        const once = condition === 'service_completed_successfully';
        assert.ok(once || condition === 'service_healthy', `${name}: ${condition}`);
        assert.equal(of(other).restart === 'no', once, `${name} waits for the ${once ? 'end' : 'health'} of ${other}`);
        if (!once) assert.ok(of(other).healthcheck?.test, `${other} says nothing of its health`);
      }
    }
    // From the last to the first without a circle.
    const depth = (name, above = []) => {
      assert.ok(!above.includes(name), `a circle: ${[...above, name]}`);
      const below = Object.keys(of(name).depends_on ?? {});
      return 1 + Math.max(0, ...below.map((other) => depth(other, [...above, name])));
    };
    assert.equal(depth('nginx'), 5, 'nginx after web, the key, the schema, PostgreSQL');
  });

  it('mentions only files, volumes, networks and secrets that are there', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const [source] = volume.split(':');
        if (source.startsWith('.')) assert.ok(existsSync(resolve(join(dir, 'container'), source)) || existsSync(resolve(FOLDER, source)), `${name}: ${source}`);
        else assert.ok(source in compose.volumes, `${name}: ${source}`);
      }
      for (const network of service.networks ?? []) assert.ok(network in compose.networks, `${name}: ${network}`);
      for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`);
    }
    for (const { file } of Object.values(compose.secrets)) {
      assert.ok(statSync(join(dir, 'container', file)).size > 0, `secrets.sh makes ${file}`);
    }
    const used = new Set(Object.values(compose.services).flatMap(({ secrets }) => secrets ?? []));
    assert.deepEqual([...used].sort(), Object.keys(compose.secrets).sort());
  });

  it('gives every process the walls of the packages, and to the one without keys none', () => {
    for (const [name, service] of ours) {
      assert.equal(service.user, '10001:10001', name);
      assert.equal(service.read_only, true, name);
      assert.deepEqual(service.cap_drop, ['ALL'], name);
      assert.equal(service.ports, undefined, `${name} is reached through nginx only`);
    }
    assert.ok(!compose.services.scheduler.volumes.some((volume) => /^(keys|files):/.test(volume)));
    assert.equal(compose.networks.data.internal, true);
  });

  it('is taken by the program: commands, configuration and environment of every process', () => {
    const inside = (path) => path.replaceAll('/run/secrets/', `${join(dir, 'container/secrets')}/`);
    for (const [name, service] of ours) {
      const config = join(dir, `${name}.toml`);
      writeFileSync(config, inside(readFileSync(join(FOLDER, 'sofie.toml'), 'utf8')));
      const image = Object.fromEntries(
        instructions(readFileSync(join(FOLDER, 'Containerfile'), 'utf8'))
          .filter(([word]) => word === 'ENV')
          .flatMap(([, ...pairs]) => pairs.map((pair) => pair.split('='))),
      );
      assert.ok(image.SOFIE__DATA_DIR);
      const given = { ...image, ...service.environment };
      const env = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, inside(value)]));
      const check = spawnSync(BIN, ['config', 'check', '--config', config], { env, encoding: 'utf8' });
      assert.equal(check.status, 0, `${name}: ${check.stderr}`);
      assert.match(check.stdout, /data directory: \/var\/sofie\/data\nkey file: \/var\/sofie\/keys\/kek/);
      // The help of a command knows its options.
      const [command, ...rest] = service.command;
      const words = [command, ...rest.filter((word) => !word.startsWith('-') && !word.startsWith('/'))];
      const help = spawnSync(BIN, [...words, '--help'], { encoding: 'utf8' });
      assert.equal(help.status, 0, `${name}: ${help.stderr}`);
      for (const option of rest.filter((word) => word.startsWith('--'))) assert.ok(help.stdout.includes(option), `${name}: ${option}`);
      // A secret is mounted where its process looks for it.
      for (const value of Object.values(service.environment ?? {}).filter((path) => path.startsWith('/run/secrets/'))) {
        assert.ok(service.secrets.includes(value.slice('/run/secrets/'.length)), `${name}: ${value}`);
      }
    }
  });

  it('believes nginx, and nobody else, whom it speaks for', () => {
    const subnet = compose.networks.front.ipam.config[0].subnet;
    const toml = readFileSync(join(FOLDER, 'sofie.toml'), 'utf8');
    assert.ok(toml.includes(`trusted_proxies = ["${subnet}"]`));
    const inFront = Object.entries(compose.services).filter(([, service]) => service.networks.includes('front'));
    assert.deepEqual(inFront.map(([name]) => name).sort(), ['nginx', 'web']);
  });

  it('makes a site of the shipped file that nginx takes', () => {
    const nginx = compose.services.nginx;
    const mounted = nginx.volumes.map((volume) => volume.split(':'));
    const site = mounted.find(([, target]) => target === '/usr/share/sofie/sofie.conf');
    assert.equal(resolve(FOLDER, site[0]), join(ROOT, 'packaging/nginx/sofie.conf'));
    const [shell, flag, line] = nginx.command;
    assert.ok(nginx.tmpfs.includes('/etc/nginx/conf.d'), 'the site is written to memory');
    const made = join(dir, 'site.conf');
    const here = line
      .replaceAll('$$', '$')
      .replace('/usr/share/sofie/sofie.conf', join(ROOT, 'packaging/nginx/sofie.conf'))
      .replace('/etc/nginx/conf.d/sofie.conf', made)
      .replace(/&& exec nginx.*$/s, '');
    execFileSync(shell, [flag, here], { env: { PATH: process.env.PATH, SOFIE_HOST: HOST } });
    const text = readFileSync(made, 'utf8');
    assert.ok(text.includes('server web:9090;') && !text.includes('127.0.0.1:9090'));
    assert.equal(text.match(/server_name files\.example\.net;/g).length, 2);
    assert.ok(!text.includes('example.org'));
    // The names of other containers mean nothing here.
    writeFileSync(made, text.replace('server web:9090', 'server 127.0.0.1:9090').replaceAll('/etc/ssl/sofie/', `${dir}/container/tls/`));
    const conf = join(dir, 'nginx.conf');
    writeFileSync(conf, `pid ${dir}/pid; events {} http { access_log off; include ${made}; }`);
    const test = spawnSync('nginx', ['-t', '-p', dir, '-c', conf, '-e', join(dir, 'error.log')], { encoding: 'utf8' });
    assert.equal(test.status, 0, test.stderr);
  });

  it('asks after the health of a process by its answer', async () => {
    const server = createServer((request, answer) => {
      answer.writeHead(request.url === '/readyz' ? 200 : 503).end('x');
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const port = `${server.address().port}`;
    const ask = async (path) => {
      const child = spawn(join(FOLDER, 'healthy.sh'), [port, path], { stdio: 'ignore' });
      return await new Promise((done) => child.on('exit', done));
    };
    assert.equal(await ask('/readyz'), 0);
    assert.notEqual(await ask('/other'), 0);
    await new Promise((done) => server.close(done));
    assert.notEqual(await ask('/readyz'), 0, 'nobody listens');
  });

  it('builds an image that is not root and holds what the stages made', () => {
    const lines = instructions(readFileSync(join(FOLDER, 'Containerfile'), 'utf8'));
    const stages = lines.filter(([word]) => word === 'FROM').map((line) => line[3]);
    assert.deepEqual(stages, ['frontend', 'build', undefined]);
    const last = lines.slice(lines.findLastIndex(([word]) => word === 'FROM'));
    assert.deepEqual(last.findLast(([word]) => word === 'USER'), ['USER', '10001:10001']);
    for (const [word, ...rest] of lines) {
      if (word !== 'COPY') continue;
      const paths = rest.filter((part) => !part.startsWith('--'));
      if (rest.some((part) => part.startsWith('--from='))) continue;
      for (const path of paths.slice(0, -1)) assert.ok(existsSync(join(ROOT, path)), `COPY ${path}`);
    }
    // What is left out of the build's context is not copied from it.
    const ignored = readFileSync(join(FOLDER, 'Containerfile.dockerignore'), 'utf8');
    for (const secret of ['packaging/container/secrets', 'packaging/container/tls']) assert.ok(ignored.includes(secret));
  });
});
