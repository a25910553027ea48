import { Component, type ComponentChild } from "preact";

/** A component that is drawn anew only when its properties are not `same`. */
export function memo<P extends object>(draw: (props: P) => ComponentChild, same: (before: P, now: P) => boolean) {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !same(this.props as P, next);
    }
    override render(props: P): ComponentChild {
      return draw(props);
    }
  };
}
