// A real clamd with a signature of its own, so that nothing has to be fetched, and a real c-icap in front of it; beside
// the server, not below its data.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { EICAR } from './samples.mjs';
import { freePort, until } from './sofie.mjs';

/** What this clamd takes for a virus, beside the test file that all know. */
export const TELLTALE = 'umbrella-teapot-lighthouse-5521';

/** What makes clamd say what it leaves out; by default it calls all of that clean. */
export const ALERTS = {
  some: ['AlertExceedsMax yes', 'AlertEncrypted yes'],
  all: [
    'AlertExceedsMax yes', 'AlertEncrypted yes', 'AlertEncryptedArchive yes', 'AlertEncryptedDoc yes', 'AlertOLE2Macros yes',
    'AlertBrokenExecutables yes', 'AlertBrokenMedia yes', 'AlertPhishingSSLMismatch yes', 'AlertPartitionIntersection yes',
  ],
};

const answers = (to) => new Promise((resolve) => {
  const socket = connect(to, () => resolve(true) || socket.destroy());
  socket.on('error', () => resolve(false));
});

export class Clamd {
  /** Starts it in a folder of its own below `dir`, saying what `alerts` has it say. */
  static async start(dir, { name = 'clamd', alerts = ALERTS.some, limit = '100M', settings: more = [] } = {}) {
    const clamd = new Clamd();
    clamd.dir = join(dir, name);
    mkdirSync(join(clamd.dir, 'db'), { recursive: true, mode: 0o755 });
    const signatures = [['Eicar-Test-Signature', EICAR.toString('latin1')], ['Telltale', TELLTALE]];
    const lines = signatures.map(([name, text]) => `${name}:0:*:${Buffer.from(text, 'latin1').toString('hex')}\n`);
    writeFileSync(join(clamd.dir, 'db/own.ndb'), lines.join(''));
    clamd.socket = join(clamd.dir, 'socket');
    clamd.address = `unix:${clamd.socket}`;
    const settings = [
      `LocalSocket ${clamd.socket}`, `DatabaseDirectory ${clamd.dir}/db`, `TemporaryDirectory ${clamd.dir}`, 'Foreground yes',
      `LogFile ${clamd.dir}/log`, `StreamMaxLength ${limit}`, `MaxFileSize ${limit}`, 'MaxScanSize 400M', ...alerts, ...more,
    ];
    writeFileSync(join(clamd.dir, 'clamd.conf'), `${settings.join('\n')}\n`);
    clamd.process = spawn('clamd', ['-c', join(clamd.dir, 'clamd.conf')], { stdio: 'ignore' });
    await until('clamd listens', () => {
      if (clamd.process.exitCode !== null) throw new Error('clamd ended at once');
      return answers(clamd.socket);
    });
    return clamd;
  }

  async stop() {
    await end(this.process);
  }
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** c-icap with its antivirus service, as Debian's packages have them, in front of a clamd. */
export class CIcap {
  static async start(dir, clamd) {
    const icap = new CIcap();
    const at = join(dir, 'c-icap');
    mkdirSync(at, { recursive: true });
    const modules = readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/c_icap`).find((path) => existsSync(`${path}/virus_scan.so`));
    const port = await freePort();
    icap.address = `icap://127.0.0.1:${port}`;
    const settings = [
      `PidFile ${at}/pid`, `CommandsSocket ${at}/control`, 'StartServers 1', 'MaxServers 1', 'MinSpareThreads 4', 'MaxSpareThreads 10',
      'ThreadsPerChild 10', `Port 127.0.0.1:${port}`, `TmpDir ${at}`, `ServerLog ${at}/server.log`, `AccessLog ${at}/access.log`,
      `ModulesDir ${modules}`, `ServicesDir ${modules}`, 'LoadMagicFile /etc/c-icap/c-icap.magic', 'Service antivirus_module virus_scan.so',
      'Module common clamd_mod.so', `clamd_mod.ClamdSocket ${clamd.socket}`, 'virus_scan.DefaultEngine clamd',
      'virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE', 'virus_scan.SendPercentData 5',
      'virus_scan.StartSendPercentDataAfter 2M', 'virus_scan.MaxObjectSize 100M',
    ];
    writeFileSync(join(at, 'c-icap.conf'), `${settings.join('\n')}\n`);
    icap.process = spawn('c-icap', ['-N', '-f', join(at, 'c-icap.conf')], { stdio: 'ignore' });
    await until('c-icap listens', () => {
      if (icap.process.exitCode !== null) throw new Error('c-icap ended at once');
      return answers({ host: '127.0.0.1', port });
    });
    return icap;
  }

  async stop() {
    // Its own children end with it only when it is asked.
    if (this.process.exitCode === null) this.process.kill('SIGTERM');
    await Promise.race([once(this.process, 'exit'), new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
    await end(this.process);
  }
}
