// A real clamd with a signature of its own, so that nothing has to be fetched; beside the server, not below its data.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { EICAR } from './samples.mjs';
import { until } from './sofie.mjs';

/** What this clamd takes for a virus, beside the test file that all know. */
export const TELLTALE = 'umbrella-teapot-lighthouse-5521';

const answers = (path) => new Promise((resolve) => {
  const socket = connect(path, () => resolve(true) || socket.destroy());
  socket.on('error', () => resolve(false));
});

export class Clamd {
  /** Starts it in a folder of its own below `dir`. */
  static async start(dir) {
    const clamd = new Clamd();
    clamd.dir = join(dir, 'clamd');
    mkdirSync(join(clamd.dir, 'db'), { recursive: true, mode: 0o755 });
    const signatures = [['Eicar-Test-Signature', EICAR.toString('latin1')], ['Telltale', TELLTALE]];
    const lines = signatures.map(([name, text]) => `${name}:0:*:${Buffer.from(text, 'latin1').toString('hex')}\n`);
    writeFileSync(join(clamd.dir, 'db/own.ndb'), lines.join(''));
    clamd.socket = join(clamd.dir, 'socket');
    clamd.address = `unix:${clamd.socket}`;
    const settings = [
      `LocalSocket ${clamd.socket}`, `DatabaseDirectory ${clamd.dir}/db`, `TemporaryDirectory ${clamd.dir}`, 'Foreground yes',
      `LogFile ${clamd.dir}/log`, 'StreamMaxLength 100M', 'MaxFileSize 100M', 'MaxScanSize 400M', 'AlertExceedsMax yes', 'AlertEncrypted yes',
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
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
