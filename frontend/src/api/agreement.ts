/**
 * Holds the types that the pages read against the API's own description; a disagreement does not compile.
 *
 * Ours may be narrower (a closed set of words where the description says text), never wider, and must not name a
 * field that the API does not send.
 */
import type * as Admin from './admin-types';
import type * as Keys from './key-types';
import type * as Licence from './licence-types';
import type * as Policy from './policy-types';
import type { components } from './schema';
import type * as Api from './types';

type Schemas = components['schemas'];
type Shared<Ours, Theirs> = Pick<Theirs, keyof Ours & keyof Theirs>;
type Agrees<Ours extends Shared<Ours, Theirs>, Theirs> =
  Exclude<keyof Ours, keyof Theirs> extends never ? true : never;

export type Agreement = [
  Agrees<Api.Package, Schemas['Package']>,
  Agrees<Api.PackageSummary, Schemas['PackageSummary']>,
  Agrees<Api.PackageFile, Schemas['File']>,
  Agrees<Api.Finding, Schemas['Finding']>,
  Agrees<Api.Recipient, Schemas['Recipient']>,
  Agrees<Api.Session, Schemas['Session']>,
  Agrees<Api.SessionEntry, Schemas['SessionEntry']>,
  Agrees<Api.Instance, Schemas['Instance']>,
  Agrees<Api.ApiToken, Schemas['ApiToken']>,
  Agrees<Api.Visit, Schemas['VisitBody']>,
  Agrees<Api.FileRequest, Schemas['Request']>,
  Agrees<Omit<Api.ToApprove, 'package'>, Schemas['ToApprove']>,
  Agrees<Api.Tracking, Schemas['TrackingBody']>,
  Agrees<Admin.AdminSession, Schemas['AdminSession']>,
  Agrees<Licence.Licence, Schemas['Licence']>,
  Agrees<Admin.Dashboard, Schemas['Dashboard']>,
  Agrees<Admin.AdminUser, Schemas['AdminUser']>,
  Agrees<Policy.UserGroup, Schemas['Group']>,
  Agrees<Admin.Administrator, Schemas['Administrator']>,
  Agrees<Omit<Admin.Engine, 'setup'>, Schemas['Engine']>,
  // Which fields an engine's configuration has goes by its kind; the description says an object, no more.
  Agrees<Omit<Admin.EngineSetup, 'config'>, Schemas['EngineSetup']>,
  Agrees<Admin.Setting, Schemas['Setting']>,
  Agrees<Admin.Mail, Schemas['MailSummary']>,
  Agrees<Admin.AuditEntry, Schemas['AuditEntry']>,
  Agrees<Admin.Job, Schemas['Job']>,
  Agrees<Admin.RuleSet, Schemas['RuleSet']>,
  Agrees<Keys.Key, Schemas['Key']>,
  Agrees<Keys.Keys, Schemas['Keys']>,
  Agrees<Keys.Integrity, Schemas['Integrity']>,
  Agrees<Omit<Policy.UserRule, 'outgoing' | 'incoming'>, Schemas['UserRule']>,
  Agrees<Policy.PolicyTrial, Schemas['PolicyTrial']>,
];

/** Fails to compile when one of the pairs above is not `true`. */
export const agreement: Agreement extends true[] ? true : never = true;
