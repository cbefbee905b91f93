// What the simulators share: a server on a port of its own that reads each question whole and remembers it.
//
// A simulator knows one virus, the EICAR test file. It is written from the vendor's documents; what they leave open
// and is only guessed here is marked GUESS.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** The test file's beginning, in halves: nobody's antivirus should take this source for it. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS'].join('');

export const isInfected = (content) => content.includes(EICAR);

/** Starts a server; `answer` makes from a question a status and a value, or a value alone. */
export async function simulate(answer) {
  const questions = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const question = { method: request.method, path: request.url, headers: request.headers, content: Buffer.concat(chunks) };
    questions.push(question);
    const [status, value] = [answer(question)].flat();
    const [code, body] = typeof status === 'number' ? [status, value] : [200, status];
    response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { address: `http://127.0.0.1:${server.address().port}`, questions, stop };
}
