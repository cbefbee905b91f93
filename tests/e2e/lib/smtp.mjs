// A mail server that takes everything and remembers it (RFC 5321, only what a client needs).
import { once } from 'node:events';
import { createServer } from 'node:net';

export class Mailbox {
  /** Mails in the order of their acceptance: { at, from, to: [], data }. `at` is when 250 was sent. */
  mails = [];

  static async start() {
    const box = new Mailbox();
    box.server = createServer((socket) => box.#serve(socket)).listen(0, '127.0.0.1');
    await once(box.server, 'listening');
    box.port = box.server.address().port;
    return box;
  }

  stop() {
    this.server.close();
  }

  #serve(socket) {
    let buffer = '';
    let mail = null;
    let inData = false;
    const fresh = () => ({ from: null, to: [], data: '' });
    const say = (line) => socket.writable && socket.write(`${line}\r\n`);
    const command = (line) => {
      const word = line.slice(0, 4).toUpperCase();
      if (word === 'EHLO') return say('250 mailbox');
      if (word === 'MAIL') {
        mail = fresh();
        mail.from = line.match(/<(.*?)>/)?.[1];
        return say('250 ok');
      }
      if (word === 'RCPT') {
        mail.to.push(line.match(/<(.*?)>/)?.[1]);
        return say('250 ok');
      }
      if (word === 'DATA') {
        inData = true;
        return say('354 go on');
      }
      if (word === 'QUIT') {
        say('221 bye');
        return socket.end();
      }
      return say('250 ok');
    };
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('data', (text) => {
      buffer += text;
      for (;;) {
        const end = inData ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const part = buffer.slice(0, end);
        buffer = buffer.slice(end + (inData ? 5 : 2));
        if (inData) {
          inData = false;
          this.mails.push({ ...mail, data: part, at: Date.now() });
          say('250 taken');
        } else command(part);
      }
    });
    say('220 mailbox');
  }
}
