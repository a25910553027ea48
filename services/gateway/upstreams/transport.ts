/** One request of a model server. The headers that all of them share belong to the transport. */
export type Outgoing = {
  readonly path: string;
  readonly method: "GET" | "POST";
  /** JSON. */
  readonly body: string | undefined;
  /** W3C Trace Context, checked: the server's spans belong to the caller's trace. */
  readonly traceparent: string | undefined;
};

/** What a receiver may do with the connection that it hears of, until its exchange is over. */
export type Controls = {
  pause(): void;
  resume(): void;
  /** Closes the connection. Nothing more is told. */
  abort(): void;
};

/** Hears of one exchange: `onStart`, then `onHead`, `onData` and `onEnd`, with `onError` in the place of what is missing. */
export type Receiver = {
  /** The request has a connection. */
  onStart(controls: Controls): void;
  /** The final status, with `Retry-After` where there is one. */
  onHead(status: number, retryAfter: string | undefined): void;
  /** The bytes belong to the receiver during the call only. With `last` nothing more comes but `onEnd`. */
  onData(piece: Buffer, last: boolean): void;
  onEnd(): void;
  onError(error: Error): void;
};

/** Connections to one model server. */
export type Transport = {
  send(ask: Outgoing, receiver: Receiver): void;
  /** What runs is told that it failed. */
  close(): Promise<void>;
};

export type TransportSettings = {
  /** Scheme, host and port; of other parts of the address nothing is used. */
  readonly origin: URL;
  readonly apiKey: string | undefined;
  /** Requests beyond it wait for a connection. */
  readonly connections: number;
  readonly connectMs: number;
};
