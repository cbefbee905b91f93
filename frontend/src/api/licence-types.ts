/** The wire types of the licence. */
export type LicenceState = {
  standing: 'unlicensed' | 'valid' | 'expires_soon' | 'grace' | 'demo';
  fault: 'invalid' | 'revoked' | 'other_host' | 'too_many_users' | 'expired' | 'not_refreshed' | null;
  until: string | null;
};
export type Licence = {
  state: LicenceState;
  licence: {
    id: string;
    holder: string;
    edition: string;
    users: number | null;
    issued: string;
    expires: string;
    hosts: string[];
    features: string[];
  } | null;
  users: number;
  installed_at: string | null;
  refreshed_at: string | null;
};
