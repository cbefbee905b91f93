/** The body of every refused request (RFC 9457). */
export type Problem = {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  request_id?: string;
  errors?: { field: string; code: string; line?: number }[];
  /** What is wrong with which YARA rules. */
  rule_errors?: { set: string; line: number; message: string }[];
  retry_after?: number;
};

/** A request that the server refused, or that never reached it (code "network"). */
export class ApiProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.title}`);
    this.name = 'ApiProblem';
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

export function isProblem(error: unknown, code?: string): error is ApiProblem {
  return error instanceof ApiProblem && (code === undefined || error.code === code);
}

const CODE_BY_STATUS: Record<number, string> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  408: 'too_slow',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
  503: 'unavailable',
  507: 'no_space',
};

function isProblemBody(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

/** Reads the problem out of a refused response; a proxy's answer in another form gets the code of its status. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  const requestId = response.headers.get('X-Request-Id') ?? undefined;
  if (isProblemBody(body)) return new ApiProblem({ request_id: requestId, ...body, status: response.status });
  return new ApiProblem({
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    code: CODE_BY_STATUS[response.status] ?? (response.status >= 500 ? 'internal' : 'invalid'),
    request_id: requestId,
  });
}

export function networkProblem(cause: unknown): ApiProblem {
  const problem = new ApiProblem({ type: 'about:blank', title: 'no connection', status: 0, code: 'network' });
  problem.cause = cause;
  return problem;
}
