import type { components } from './schema';

type Schemas = components['schemas'];

export type EmailDomain = Schemas['EmailDomain'];
export type Member = Schemas['Member'];
export type OrganizationPreview = Schemas['OrganizationPreview'];
export type Organization = Schemas['Organization'];
export type Problem = Schemas['Problem'];
export type Role = Schemas['OrganizationRole'];
