/** The wire types of groups and their rules. */
/** Users who share rules; those that it does not have of its own are inherited. */
export type UserGroup = {
  id: string;
  name: string;
  note: string;
  members: number;
  rules: Record<string, string>;
  version: number;
  created_at: string;
};
export type GroupInput = { name: string; note: string };

export type RuleAction = 'deliver' | 'flag' | 'approval' | 'quarantine' | 'reject';
/** What happens, and because of which group; null for the rules of the installation. */
export type Ruling = { action: RuleAction; group: { id: string; name: string } | null };
export type UserRule = { rule: string; outgoing: Ruling; incoming: Ruling };

export type PackageFate = { held: number; returned: boolean; approval: boolean };
export type PolicyTrial = {
  packages: number;
  more: boolean;
  held_more: number;
  held_less: number;
  returned: number;
  affected: {
    package_id: string;
    sender: string;
    submitted_at: string;
    before: PackageFate;
    after: PackageFate;
    because: string[];
  }[];
};
