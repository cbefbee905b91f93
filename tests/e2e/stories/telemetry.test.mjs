// Traces by OpenTelemetry: a request, its jobs and its mails are one trace, nothing in it is about a person, and a collector that
// is away harms nobody.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Api } from '../lib/api.mjs';
import { Sofie, freePort, until } from '../lib/sofie.mjs';

/** A collector: keeps the spans that it is given. */
class Collector {
  spans = [];
  bodies = [];

  async start(port) {
    this.server = createServer((request, answer) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        this.seen = [request.method, request.url, request.headers['content-type']];
        this.bodies.push(body);
        for (const { scopeSpans } of JSON.parse(body).resourceSpans) for (const { spans } of scopeSpans) this.spans.push(...spans);
        answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    }).listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

const attribute = (span, key) => {
  const found = span.attributes.find((one) => one.key === key)?.value;
  return found?.stringValue ?? found?.intValue;
};

describe('traces', () => {
  const collector = new Collector();
  let sofie, alice, port;
  before(async () => {
    port = await freePort();
    // Nobody listens there yet.
    sofie = await Sofie.start({ SOFIE__TELEMETRY__OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    alice = new Api(sofie.url, { token: await sofie.addUser('alice@example.org') });
  });
  after(async () => {
    await sofie?.remove();
    await collector.server?.close();
  });

  const deliver = async (name) => {
    const { id } = await alice.package({ title: 'Secret plans', recipients: ['bob@example.com'] });
    await alice.put(id, name, Buffer.from('what is in it'));
    return await alice.deliver(id);
  };

  it('lets everything go on while the collector is away, and says so once', async () => {
    const pack = await deliver('first.txt');
    assert.equal(pack.state, 'delivered');
    await until('the log tells', () => sofie.log().includes('the collector of traces does not answer'));
  });

  it('tells a collector that comes of a request, its job and its mail as one trace', async () => {
    await collector.start(port);
    await deliver('holiday-in-crete.txt');
    const named = (name) => collector.spans.filter((span) => span.name === name);
    const sends = await until('the request that sent', () => named('POST /api/v1/packages/{id}/send')[0]);
    const ofTrace = (name) => named(name).find((span) => span.traceId === sends.traceId);
    const check = await until('its job', () => ofTrace('check_package'));
    const mail = await until('the job of its mail', () => ofTrace('deliver_mail'));
    assert.deepEqual(collector.seen, ['POST', '/v1/traces', 'application/json']);
    // The id in the header, the log and problems is the trace.
    assert.equal(attribute(sends, 'request.id').replaceAll('-', ''), sends.traceId);
    assert.equal(attribute(sends, 'http.status'), '200', JSON.stringify(sends));
    assert.deepEqual([check.parentSpanId, mail.parentSpanId], [sends.spanId, sends.spanId]);
    for (const span of [sends, check, mail]) {
      assert.match(span.traceId, /^[0-9a-f]{32}$/);
      assert.match(span.spanId, /^[0-9a-f]{16}$/);
      const [begun, ended] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
      assert.ok(begun <= ended && ended - begun < 60_000_000_000n);
    }
    assert.equal(new Set(collector.spans.map((span) => span.spanId)).size, collector.spans.length, 'ids of spans differ');
  });

  it('says nothing about people', () => {
    const all = collector.bodies.join('\n');
    assert.ok(all.length > 0);
    for (const word of ['example.org', 'example.com', 'alice', 'bob', 'Secret', 'holiday', '127.0.0.1']) {
      assert.ok(!all.includes(word), `a span tells of ${word}`);
    }
  });

  it('brings the last spans away when the process ends, and is not held up by a collector that hangs', async () => {
    const before = collector.spans.length;
    await fetch(`${sofie.url}/api/v1/session`);
    await sofie.stop();
    assert.ok(collector.spans.slice(before).some((span) => span.name === 'GET /api/v1/session'));
    // Takes connections and never answers.
    await collector.stop();
    const hanging = createServer(() => undefined).listen(port, '127.0.0.1');
    await once(hanging, 'listening');
    await sofie.up();
    await fetch(`${sofie.url}/api/v1/session`);
    const begun = Date.now();
    assert.equal(await sofie.stop(), 0);
    assert.ok(Date.now() - begun < 15_000, 'it ends in time');
    hanging.closeAllConnections();
    hanging.close();
  });
});
