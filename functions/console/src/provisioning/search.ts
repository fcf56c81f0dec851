/** What the page's address says about which part of the provisioning is shown. */
export interface ProvisioningSearch {
  /** The domain whose settings and ownership are shown. */
  domain?: string;
}

/** Reads the search of the page's address. What makes no sense is left out. */
export function provisioningSearch({ domain }: Record<string, unknown>): ProvisioningSearch {
  return typeof domain === 'string' && domain !== '' ? { domain } : {};
}
