export type Member = {
  readonly name: string;
  readonly maxConcurrent: number;
  readonly inFlight: number;
  readonly mayTry: boolean;
};

/** Replicas of one another, with their share of the tier's traffic. Weight 0 takes none, whatever happens to the rest. */
export type WeightedMembers<M extends Member> = { readonly members: readonly M[]; readonly weight: number };

export type Affinity = {
  /** Sticky: the conversation's id. */
  readonly conversation: string | undefined;
  /** Text that a prefix cache would share. */
  readonly prefix: string;
};

/** Requests that the preferred member may have more than the least loaded: a cached prefix saves less than a queue costs. */
export const AFFINITY_GAP = 2;

/** Requests alike so far share at least that much of a prefix cache, and a long prompt costs no more to place. */
const MAX_HASHED_CHARS = 1024;

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The arm by weight, sticky by conversation; then its member by affinity while loads are close, otherwise the least
 * loaded. Arms without a usable member leave their traffic to the others. "busy": some may be tried, but all of those
 * are full; "down": none may be tried. `tried` names what this request has tried; `roll` gives numbers in [0, 1).
 */
export function chooseUpstream<M extends Member>(
  tier: readonly WeightedMembers<M>[],
  affinity: Affinity,
  tried: ReadonlySet<string>,
  roll: () => number,
): M | "busy" | "down" {
  const arm = chooseArm(tier, affinity, tried, roll);
  if (arm) return chooseMember(arm.members, affinity, tried, roll);
  const full = (member: M): boolean => member.mayTry && !tried.has(member.name);
  return tier.some(({ weight, members }) => weight > 0 && members.some(full)) ? "busy" : "down";
}

function isUsable(member: Member, tried: ReadonlySet<string>): boolean {
  return member.inFlight < member.maxConcurrent && !tried.has(member.name) && member.mayTry;
}

function isOpen(arm: WeightedMembers<Member>, tried: ReadonlySet<string>): boolean {
  if (arm.weight <= 0) return false;
  for (const member of arm.members) if (isUsable(member, tried)) return true;
  return false;
}

function chooseArm<M extends Member>(
  tier: readonly WeightedMembers<M>[],
  affinity: Affinity,
  tried: ReadonlySet<string>,
  roll: () => number,
): WeightedMembers<M> | undefined {
  let last: WeightedMembers<M> | undefined;
  let open = 0;
  let weights = 0;
  for (const arm of tier) {
    if (!isOpen(arm, tried)) continue;
    last = arm;
    open += 1;
    weights += arm.weight;
  }
  if (open < 2) return last;
  if (affinity.conversation) return stickyArm(tier, affinity.conversation, tried);
  let remaining = roll() * weights;
  for (const arm of tier) {
    if (!isOpen(arm, tried)) continue;
    remaining -= arm.weight;
    if (remaining < 0) return arm;
  }
  return last;
}

/**
 * Weighted rendezvous hashing (Schindelhauer and Schomaker, SPAA 2005): -ln(u)/w is exponential with rate w, so the
 * smallest one is an arm's in proportion to its weight, among whichever arms are left. An arm that closes moves only
 * its own conversations, and they come back with it.
 */
function stickyArm<M extends Member>(
  tier: readonly WeightedMembers<M>[],
  conversation: string,
  tried: ReadonlySet<string>,
): WeightedMembers<M> | undefined {
  // Other hashes than for members: otherwise whoever chose the arm would have chosen its first member, too.
  const seed = hash("arm", hash(conversation, FNV_BASIS));
  let best: WeightedMembers<M> | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const arm of tier) {
    if (!isOpen(arm, tried)) continue;
    const score = -Math.log((avalanche(hash(arm.members[0]!.name, seed)) + 0.5) / 2 ** 32) / arm.weight;
    if (score >= bestScore) continue;
    bestScore = score;
    best = arm;
  }
  return best;
}

function chooseMember<M extends Member>(
  members: readonly M[],
  affinity: Affinity,
  tried: ReadonlySet<string>,
  roll: () => number,
): M {
  let first: M | undefined;
  let usable = 0;
  let least = Number.POSITIVE_INFINITY;
  let ties = 0;
  for (const member of members) {
    if (!isUsable(member, tried)) continue;
    first ??= member;
    usable += 1;
    if (member.inFlight < least) {
      least = member.inFlight;
      ties = 0;
    }
    if (member.inFlight === least) ties += 1;
  }
  if (usable === 1) return first!;
  const preferred = preferredMember(members, affinity.conversation || affinity.prefix, tried);
  if (preferred && preferred.inFlight - least <= AFFINITY_GAP) return preferred;
  let skip = Math.floor(roll() * ties);
  for (const member of members) {
    if (member.inFlight === least && isUsable(member, tried) && skip-- === 0) return member;
  }
  return first!;
}

/** Rendezvous hashing (Thaler and Ravishankar, 1998): a member that leaves moves only what preferred it. */
function preferredMember<M extends Member>(
  members: readonly M[],
  key: string,
  tried: ReadonlySet<string>,
): M | undefined {
  if (!key) return undefined;
  const seed = hash(key, FNV_BASIS);
  let best: M | undefined;
  let bestScore = -1;
  for (const member of members) {
    if (!isUsable(member, tried)) continue;
    const score = avalanche(hash(member.name, seed));
    if (score <= bestScore) continue;
    bestScore = score;
    best = member;
  }
  return best;
}

/** FNV-1a, 32 bits, going on from `seed`. */
function hash(text: string, seed: number): number {
  const end = Math.min(text.length, MAX_HASHED_CHARS);
  let state = seed;
  for (let i = 0; i < end; i++) state = Math.imul(state ^ text.charCodeAt(i), FNV_PRIME);
  return state;
}

/** MurmurHash3's finalizer: FNV alone leaves the high bits of names that differ at their end nearly the same. */
function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
