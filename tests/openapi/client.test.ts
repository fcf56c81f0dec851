// A client with the types that openapi-typescript generates from the document. The compiler checks
// that requests and results have these types.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/schema.js';

type Schemas = components['schemas'];

test('ten calls', async () => {
  const client = createClient<paths>({ baseUrl: process.env.USHER ?? '' });
  const organization = { params: { path: { organizationId: 'typescript' } } };

  const created = await client.POST('/organizations', {
    body: { id: 'typescript', name: 'TypeScript', customData: { plan: 'gold', seats: [1, 2] } },
  });
  const entity: Schemas['Organization'] = present(created.data);
  assert.deepEqual(entity, {
    id: 'typescript',
    name: 'TypeScript',
    description: null,
    customData: { plan: 'gold', seats: [1, 2] },
    createdAt: entity.createdAt,
  });

  const refused = await client.POST('/organizations', { body: { name: 'x'.repeat(129) } });
  const problem: Schemas['Problem'] = present(refused.error);
  assert.equal(refused.response.status, 422);
  assert.deepEqual(problem.errors?.map(({ pointer, code }) => [pointer, code]), [['/name', 'name.invalid']]);

  const createdRole = await client.POST('/organization-roles', { body: { name: 'Compiler' } });
  const role: Schemas['OrganizationRole'] = present(createdRole.data);
  assert.equal(role.name, 'Compiler');

  const added = await client.POST('/organizations/{organizationId}/jit/email-domains', {
    ...organization,
    body: { emailDomain: 'TYPESCRIPT.example' },
  });
  const domain: Schemas['EmailDomain'] = present(added.data);
  assert.equal(domain.emailDomain, 'typescript.example');

  const replaced = await client.PUT('/organizations/{organizationId}/jit/roles', {
    ...organization,
    body: { organizationRoleIds: [role.id] },
  });
  assert.deepEqual([replaced.response.status, replaced.response.headers.get('etag')], [204, '"2"']);

  const late = await client.PUT('/organizations/{organizationId}/jit/roles', {
    params: { ...organization.params, header: { 'If-Match': '"1"' } },
    body: { organizationRoleIds: [] },
  });
  const precondition: Schemas['Problem'] = present(late.error);
  assert.deepEqual([precondition.status, precondition.code], [412, 'request.precondition_failed']);

  const createdUser = await client.POST('/users', {
    body: { primaryEmail: 'anders@typescript.example', sendInvitation: false },
  });
  const user: Schemas['CreatedUser'] = present(createdUser.data);
  assert.equal(user.provisioned, true);
  const rule: Schemas['Provenance']['rule'] | undefined = user.organizations[0]?.provenance.rule;
  assert.equal(rule, 'email_domain');

  const listed = await client.GET('/organizations/{organizationId}/users', {
    params: { ...organization.params, query: { page_size: 1 } },
  });
  const members: Schemas['Member'][] = present(listed.data);
  assert.deepEqual(
    members.map(({ id, primaryEmail, organizationRoles }) => [id, primaryEmail, organizationRoles]),
    [[user.id, 'anders@typescript.example', [{ id: role.id, name: 'Compiler' }]]],
  );

  const removed = await client.DELETE('/organizations/{organizationId}/users/{userId}', {
    params: { path: { ...organization.params.path, userId: user.id } },
  });
  assert.deepEqual([removed.response.status, removed.data], [204, undefined]);

  const previewed = await client.POST('/organizations/{organizationId}/jit/preview', {
    ...organization,
    body: { email: 'anders@typescript.example' },
  });
  const preview: Schemas['OrganizationPreview'] = present(previewed.data);
  assert.deepEqual([preview.decision, preview.reason], ['refuse', 'removed_earlier']);
});

/** A value that must be there. */
function present<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}
