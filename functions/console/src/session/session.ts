/** Who is signed in, as far as the rest of the console needs to know. */
export interface Login {
  /** A token for the API, renewed if need be. */
  token(): Promise<string | undefined>;
  /** Leaves for the sign-in page, and comes back to where the reader is. */
  signIn(): Promise<void>;
  /** Leaves for good. */
  signOut(): Promise<void>;
}

/** The session of this page. Without a login, as locally, it never ends. */
class Session {
  #login: Login | undefined;
  #ended = false;
  readonly #listeners = new Set<() => void>();

  /** Signs in by this login from now on. */
  use(login: Login) {
    this.#login = login;
  }

  get login(): Login | undefined {
    return this.#login;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async token(): Promise<string | undefined> {
    return this.#login?.token();
  }

  /** Says that Usher no longer knows who this is. */
  end() {
    if (!this.#login || this.#ended) return;
    this.#ended = true;
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const session = new Session();
