// Prometheus reads what the installation does, and the dashboard and the alert rules that are shipped ask for nothing
// that is not told (OPS-11).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { freePort, Sofie, until } from '../lib/sofie.mjs';

const shipped = (path) => readFileSync(new URL(`../../../packaging/${path}`, import.meta.url), 'utf8');

describe('metrics', { timeout: 600_000 }, () => {
  let sofie, alice, own;
  before(async () => {
    own = `127.0.0.1:${await freePort()}`;
    sofie = await Sofie.start({ SOFIE__METRICS__LISTEN: own });
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(() => sofie?.remove());

  const read = async (address = `http://${own}`) => {
    const answer = await fetch(`${address}/metrics`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
    return answer.text();
  };
  const value = (text, line) => Number(text.split('\n').find((one) => one.startsWith(`${line} `))?.split(' ').at(-1));

  it('are told at an address of their own, and at the web server’s to this machine', async () => {
    assert.match(await read(), /^sofie_build_info\{version="[^"]+",role="all"\} 1$/m);
    assert.match(await read(sofie.url), /^sofie_build_info/m);
    const outside = await fetch(`${sofie.url}/metrics`, { headers: { 'X-Forwarded-For': '203.0.113.7' } });
    assert.equal(outside.status, 404);
  });

  it('count what is done', async () => {
    const { id } = await alice.package({ type: 'public', title: 'A file' });
    await alice.put(id, 'report.txt', 'twelve bytes');
    await alice.json('POST', `/packages/${id}/send`);
    await alice.settled(id, 60_000);
    await fetch(`${sofie.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-SOFiE': '1' },
      body: JSON.stringify({ email: 'alice@example.org', password: 'wrong' }),
    });
    const text = await until('it is measured', async () => {
      const text = await read();
      return value(text, 'sofie_packages{state="active"}') === 1 && text;
    });
    assert.equal(value(text, 'sofie_files_checked_total{state="clean"}'), 1);
    assert.equal(value(text, 'sofie_file_check_seconds_count'), 1);
    assert.equal(value(text, 'sofie_stored_bytes'), 12);
    assert.equal(value(text, 'sofie_events_total{event="USER_LOGIN_FAILED"}'), 1);
    assert.ok(value(text, 'sofie_storage_free_bytes') > 0);
    assert.equal(value(text, 'sofie_jobs_oldest_seconds{queue="checks"}'), 0);
    assert.match(text, /^sofie_engine_scan_seconds_count\{engine="container",outcome="clean"\} 1$/m);
  });

  it('are all that the dashboard and the alert rules ask for', async () => {
    const text = await read();
    // What needs a download to be told, or Kafka.
    const later = ['sofie_delivered_bytes_total', 'sofie_kafka_lag'];
    const asked = [shipped('grafana/sofie.json'), shipped('prometheus/sofie-alerts.yml')].flatMap((file) => file.match(/sofie_[a-z_]+/g));
    assert.ok(asked.length > 20);
    for (const name of new Set(asked)) assert.ok(text.includes(name) || later.includes(name), name);
    JSON.parse(shipped('grafana/sofie.json'));
  });
});
