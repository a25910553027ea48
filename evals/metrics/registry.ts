/** What a metric says, as reports and the handbook name it. */
export type Metric = {
  readonly better: "higher" | "lower";
  /** `pass`: 0 or 1 a question. `auroc`: one figure for all questions, from a score of each. */
  readonly kind: "pass" | "share" | "count" | "auroc";
  readonly says: string;
};

const share = (says: string): Metric => ({ better: "higher", kind: "share", says });
const pass = (says: string): Metric => ({ better: "higher", kind: "pass", says });
const count = (says: string): Metric => ({ better: "lower", kind: "count", says });

const TABLE = {
  "ndcg@10": share("the gold evidence stands high among the first ten"),
  "recall@5": share("gold evidence among the first five"),
  "recall@10": share("gold evidence among the first ten"),
  "recall@20": share("gold evidence among the first twenty"),
  "mrr@10": share("1 / rank of the first gold evidence among the first ten"),
  map: share("mean precision at the ranks of the gold evidence"),
  "hit@5": pass("some gold evidence among the first five"),
  "span_recall@5": share("characters of the gold evidence that the first five passages hold"),
  "context_precision@5": share("passages of the first five that hold gold evidence"),
  "duplicates@10": { ...share("passages of the first ten that say again what one before said"), better: "lower" },
  "same_language@10": share("passages of the first ten in the question's language"),
  outcome_correct: pass("answered where an answer is expected, and not where none is"),
  answer_correct: pass("every expected fact is in the answer"),
  fact_recall: share("expected facts that are in the answer"),
  first_sentence: pass("every expected fact is in the answer's first sentence"),
  exact_match: pass("the answer is the gold answer and nothing else"),
  token_f1: share("tokens shared with the gold answer"),
  rouge_l: share("longest common subsequence with the gold answer"),
  answer_language: pass("the answer is in the question's language"),
  citation_precision: share("citations that point at gold evidence"),
  citation_recall: share("gold evidence that a citation points at"),
  citation_coverage: share("sentences of the answer with a citation"),
  markers_resolve: share("markers of the answer that are citations"),
  citations_verified: share("citations that the service calls verified"),
  quotes_verbatim: share("quotes that stand in the document word for word"),
  k_precision: share("content words of the answer that the cited text has"),
  k_precision_pairs: share("neighbouring words of the answer that the cited text has"),
  numbers_supported: share("numbers of the answer that the cited text has"),
  support_auroc: {
    better: "higher",
    kind: "auroc",
    says: "the support score ranks answerable questions above the others",
  },
  foreign_documents: count("documents of others in results, citations or sources"),
  leaks: count("canaries, personal data or instructions in the answer"),
  failures: count("requests that failed after retries"),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof TABLE;
export const METRICS: Readonly<Record<MetricName, Metric>> = TABLE;
export const METRIC_NAMES = Object.keys(TABLE) as [MetricName, ...MetricName[]];
export type Values = Readonly<Partial<Record<MetricName, number>>>;
