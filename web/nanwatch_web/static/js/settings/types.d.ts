/** Shapes of the server's JSON that only the settings show. Moments are seconds since 1970 or ISO 8601. */

export type Moment = number | string | null;

export interface Channel {
  id: string | number;
  kind: string;
  name: string;
  target: string;
  signed: boolean;
  source: "page" | "environment";
  enabled: boolean;
  /** Dead: given up, or failed many times in a row. */
  last: { at: Moment; state: string; error: string; dead: boolean } | null;
}

export interface Tried {
  ok: boolean;
  status: number | null;
  latency_ms: number | null;
  error: string;
}

export interface Token {
  id: number;
  name: string;
  scope: "read" | "write" | "admin";
  project: string | null;
  created_at: Moment;
  expires_at: Moment;
  last_used_at: Moment;
  revoked_at: Moment;
  token?: string;
}

export interface Entry {
  at: Moment;
  actor: string;
  action: string;
  subject: string;
  detail: string;
}

export interface Retention {
  thin_after_days: number | null;
  delete_after_days: number | null;
}

export interface About {
  version: string;
  python: string;
  database: { kind: string; size_bytes: number; runs: number };
  started_at: Moment;
  auth: boolean;
  scope?: string;
}

export interface Mute {
  id: number;
  run_id: string | null;
  project: string | null;
  symptom: string | null;
  until: Moment;
  reason: string;
}
