const WINDOW_MS = 6000;

/** Mean speed over the last seconds; told of the total sent so far at each progress report. */
export class Speedometer {
  #samples: { at: number; total: number }[] = [];

  report(total: number, at: number): void {
    this.#samples.push({ at, total });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW_MS) this.#samples.shift();
  }

  /** Bytes per second; 0 while there is nothing to tell from. */
  at(now: number): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at === first.at || now - last.at > WINDOW_MS) return 0;
    return Math.max(0, ((last.total - first.total) * 1000) / (last.at - first.at));
  }

  reset(): void {
    this.#samples = [];
  }
}
