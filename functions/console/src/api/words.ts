// What the console says about each code of the API, which docs/errors.md lists. The API's own texts
// are for programmers: they name requests and fields.

/** A title, and a text that says what to do. */
export interface Words {
  title: string;
  text: string;
}

/** The values that a text can name: the fields of a form, and the ids in the address of a request. */
export type Known = Readonly<Record<string, unknown>>;

type Entry = readonly [title: string, text: string];

/** The words for a code, or else for a status; without both, those for an unknown error. */
export function wordsOf(code = '', status = 0, known: Known = {}): Words {
  const entry = CODES[code] ?? STATUSES[status] ?? UNKNOWN;
  const [title, text] = typeof entry === 'function' ? entry(known) : entry;
  return { title, text };
}

/** Why a value was refused, in sentences. A newer API may have codes that the console does not know. */
export function reasonOf(code: string): string {
  if (!Object.hasOwn(CODES, code)) return `Usher does not accept this value (${code}).`;
  const { title, text } = wordsOf(code);
  return `${title}. ${text}`;
}

/** Why a preview says that an address would not be admitted, in sentences. */
export function refusalOf(reason: string, emailDomain: string | null): string {
  return REASONS[reason]?.(emailDomain ?? 'of this address') ?? reasonOf(reason);
}

const OPERATOR = 'If it happens again, tell the operator of Usher.';
const RELOAD = 'Reload the page and try again.';

const UNKNOWN: Entry = ['Something went wrong', `${RELOAD} ${OPERATOR}`];
const DEFECT: Entry = [
  'The console sent something that Usher does not accept',
  `This is a bug in the console. ${RELOAD} ${OPERATOR}`,
];
const BUSY: Entry = ['Usher is busy', 'Wait a moment, then try again.'];
const UNAVAILABLE: Entry = [
  'Usher did not answer in time',
  'The change may have been made already. You can try again: nothing is done twice.',
];

/** Answers without a code come from API Gateway, or from a proxy. */
const STATUSES: Record<number, Entry> = {
  400: DEFECT,
  401: ['Your session has ended', 'Sign in again.'],
  403: [
    'You are not allowed to do this',
    'Your account does not have this permission. Ask the operator of Usher for it, then sign out and in again.',
  ],
  404: ['This does not exist', 'It may have been deleted, or the address is wrong.'],
  413: ['This is too much for one request', 'Do it in several smaller steps.'],
  429: BUSY,
  500: ['Usher has a problem', `Try again. ${OPERATOR}`],
  502: ['Usher has a problem', `Try again. ${OPERATOR}`],
  503: UNAVAILABLE,
  504: UNAVAILABLE,
};

/** A value in quotation marks; if the console does not know it, other words in its place. */
function quoted(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? `“${value}”` : otherwise;
}

/** The words for each code. */
export const CODES: Record<string, Entry | ((known: Known) => Entry)> = {
  'request.path_not_found': DEFECT,
  'request.method_not_allowed': DEFECT,
  'request.invalid_path': ['This address is not valid', 'Check the address of the page.'],
  'request.unknown_parameter': DEFECT,
  'request.uri_too_long': ['This is too much for one request', 'Enter a shorter text.'],
  'request.unintelligible': DEFECT,
  'request.body_missing': DEFECT,
  'request.body_incomplete': ['The connection broke', 'Try again.'],
  'request.body_too_large': STATUSES[413] as Entry,
  'request.unsupported_media_type': DEFECT,
  'request.unsupported_content_encoding': DEFECT,
  'request.malformed_json': [
    'A text has characters that cannot be stored',
    'It may contain half of an emoji or of a rare character. Delete that character, and type it again.',
  ],
  'request.invalid_body': DEFECT,
  'request.invalid_values': ['Some values cannot be saved', 'Correct the marked fields.'],
  'request.invalid_flag': DEFECT,
  'request.invalid_page': DEFECT,
  'request.invalid_page_size': DEFECT,
  'request.invalid_search': [
    'This cannot be searched for',
    'Enter at most 128 characters: the beginning of a name, an ID or an address.',
  ],
  'request.invalid_filter': [
    'This cannot be searched for',
    'Enter a whole email address, and select a role from the list.',
  ],
  'request.parameter_missing': DEFECT,
  'request.invalid_cursor': [
    'The list has changed',
    'Reload the page to see it from its beginning.',
  ],
  'request.invalid_if_match': DEFECT,
  'request.precondition_failed': [
    'Somebody else changed this in the meantime',
    'Nothing is overwritten. Reload the page to see the change, then make yours again.',
  ],

  'organization.not_found': ({ organization }) => [
    'This organization does not exist',
    `No organization has the ID ${quoted(organization, 'in this address')}. It may have been deleted.`,
  ],
  'organization.id_in_use': ({ id }) => [
    'This ID is taken',
    `An organization has the ID ${quoted(id, 'that you entered')}, or a deleted one had it. Enter another one, or leave the field empty to have one generated.`,
  ],
  'organization.id_invalid': [
    'This ID is not valid',
    'An ID has 1 to 64 characters: letters from A to Z, digits, hyphens and underscores.',
  ],
  'name.invalid': [
    'This name is not valid',
    'A name has 1 to 128 visible characters. If you copied it, type it instead: it may contain characters that cannot be seen.',
  ],
  'description.invalid': [
    'This description is not valid',
    'A description has at most 256 characters. If you copied it, type it instead: it may contain characters that cannot be seen.',
  ],
  'custom_data.not_an_object': [
    'Custom data is a JSON object',
    'Begin it with { and end it with }.',
  ],
  'custom_data.lone_surrogate': [
    'This text contains half a character',
    'A code like \\ud800 is only half a character. Write both halves, or delete it.',
  ],
  'custom_data.number_too_large': [
    'This number is too large',
    'Programs would read it as infinite, or not at all. Write it as a text, in quotation marks.',
  ],
  'custom_data.repeated_name': [
    'This name appears twice',
    'An object can have each name only once. Rename or delete one of them.',
  ],
  'custom_data.too_deep': [
    'This is nested too deeply',
    'Custom data has at most 32 levels. Flatten it, or store the rest elsewhere.',
  ],
  'custom_data.too_large': [
    'This is too long',
    'Custom data has at most 8 KiB, without the spaces between its parts. Store the rest elsewhere.',
  ],

  'organization_role.not_found': [
    'This role does not exist any more',
    'Somebody else may have deleted it. Reload the page to see the current roles.',
  ],
  'organization_role.unknown': [
    'A role does not exist any more',
    'Somebody else may have deleted it. Remove it from the selection, then save again.',
  ],
  'organization_role.name_in_use': ({ name }) => [
    'This name is taken',
    `Another role is called ${quoted(name, 'like this')}, or has a name that looks like it. Enter another name.`,
  ],
  'organization_roles.limit_reached': [
    'There are already 1,000 roles',
    'Delete a role that is not used any more, then try again.',
  ],

  'email_domain.not_found': [
    'This domain is not listed any more',
    'Somebody else may have removed it. Reload the page to see the current domains.',
  ],
  'email_domain.already_listed': ['This domain is already listed', 'There is nothing to do.'],
  'email_domain.already_proven': [
    'DNS proves this domain already',
    'Nobody has to vouch for it. There is nothing to do.',
  ],
  'email_domain.empty': ['The domain is empty', 'Enter a domain such as acme.com.'],
  'email_domain.invalid': [
    'This is not a domain',
    'A domain has letters, digits and hyphens, with dots between its parts. Enter one such as acme.com.',
  ],
  'email_domain.single_label': [
    'This is not a whole domain',
    'Enter it with its ending, as in acme.com.',
  ],
  'email_domain.too_long': [
    'This domain is too long',
    'A domain has at most 253 characters, and at most 63 between two dots. Remove what does not belong to it.',
  ],
  'email_domain.ignored_characters': [
    'This domain has characters that cannot be seen',
    'If you copied it, type it instead.',
  ],
  'email_domain.wildcard': [
    'A domain cannot contain *',
    'Enter each subdomain as a domain of its own.',
  ],
  'email_domain.ip_address': [
    'This is an IP address',
    'Enter the domain that comes after the @ of the addresses.',
  ],
  'email_domain.email_address': ['This is an email address', 'Enter only the part after the @.'],
  'email_domain.url': [
    'This is a web address',
    'Enter only its domain, without https:// and without a path.',
  ],
  'email_domain.public_suffix': [
    'Anybody can register names below this domain',
    'Enter the domain of the organization itself. The operator of Usher can allow an exception if the organization owns the whole domain.',
  ],
  'email_domain.public_mailbox': [
    'This is a public mailbox provider',
    'Anybody can have an address there. Enter the organization’s own domain. The operator of Usher can allow an exception.',
  ],
  'email_domain.too_many_organizations': [
    '50 organizations already list this domain',
    'Remove it from one of them first.',
  ],
  'email_domain.too_many_claims': [
    '1,000 organizations already list this domain',
    'They count whether they have proven it or not. Remove it from one of them first.',
  ],
  'email_domain.public_subdomains': [
    'The subdomains of this domain belong to many others',
    'Leave its subdomains out, and list the organization’s own domains.',
  ],
  'email_domain.subdomains_too_deep': [
    'This domain has too many parts to include its subdomains',
    'With its subdomains, a domain has at most 10 parts. List the subdomains one by one.',
  ],
  'rule_roles.limit_reached': [
    'A domain or provider gives at most 100 roles',
    'Remove some of them, then save again.',
  ],
  'email_domains.limit_reached': [
    'An organization lists at most 1,000 domains',
    'Remove some of them, then save again.',
  ],
  'email_domains.partially_replaced': [
    'Somebody else changed the domains in the meantime',
    'A part of your changes is saved. Look at the list, then save the rest.',
  ],

  'sso_connector.not_found': [
    'This identity provider is not listed any more',
    'Somebody else may have removed it. Reload the page to see the current providers.',
  ],
  'sso_connector.unknown': [
    'The user pool has no such identity provider',
    'Enter the name that it has in the user pool. Letter case matters.',
  ],
  'sso_connector.unreachable_name': [
    'A provider with this name cannot be changed or removed here',
    'Web addresses cannot end with “.” or “..”. Create it in the user pool under another name.',
  ],
  'sso_connector.public_provider': [
    'Everybody can have an account at this provider',
    'List the organization’s own SAML or OIDC provider, or its email domain.',
  ],
  'sso_connector.too_many_organizations': [
    '50 organizations already list this identity provider',
    'Remove it from one of them first.',
  ],
  'sso_connectors.empty': ['No identity provider is named', 'Enter at least one name.'],
  'sso_connectors.limit_reached': [
    'An organization lists at most 100 identity providers',
    'Remove some of them, then save again.',
  ],
  'sso_connectors.partially_replaced': [
    'Somebody else changed the identity providers in the meantime',
    'A part of your changes is saved. Look at the list, then save the rest.',
  ],

  'default_role.not_found': [
    'This is not a default role any more',
    'Somebody else may have removed it. Reload the page to see the current roles.',
  ],
  'default_roles.empty': ['No role is selected', 'Select at least one role.'],
  'default_roles.limit_reached': [
    'An organization has at most 100 default roles',
    'Remove some of them, then save again.',
  ],

  'membership.not_found': [
    'This user is not a member any more',
    'Somebody else may have removed them. Reload the page to see the current members.',
  ],
  'membership.not_a_member': [
    'A user is not a member any more',
    'Somebody else may have removed them. Add them again, or leave them out.',
  ],
  'memberships.empty': ['Nobody is selected', 'Select at least one user.'],
  'memberships.limit_reached': [
    'That is too many at once',
    'Add or remove at most 1,000 members in one step.',
  ],
  'memberships.partially_added': [
    'Not everybody is added yet',
    'There was no time to look up all users. Try again to add the others.',
  ],
  'join_request.not_found': [
    'This request does not exist any more',
    'Somebody else may have decided about it, or the user was deleted. Look for the user among the members and the removed members.',
  ],
  'join_request.declined': [
    'Somebody else has declined this user',
    'The user is in the list of removed members. Put them back there to make them a member.',
  ],
  'join_request.already_member': [
    'This user is already a member',
    'Somebody else was faster. To end the membership, remove the user in the list of members.',
  ],

  'removed_user.not_found': [
    'This user is not in the list of removed members any more',
    'Somebody else has put them back, or lets the rules decide again. There is nothing to do.',
  ],

  'member_role.not_found': [
    'The member does not have this role any more',
    'Somebody else may have removed it. Reload the page to see the current roles.',
  ],
  'member_roles.empty': ['No role is selected', 'Select at least one role.'],
  'member_roles.limit_reached': [
    'A member has at most 100 roles',
    'Remove some of them, then save again.',
  ],

  'user.not_found': ({ user }) => [
    'This user does not exist',
    `No user has the ID ${quoted(user, 'that you entered')}. They may have been deleted.`,
  ],
  'user.unknown': [
    'No user has this ID',
    'The ID of a user is the sub in the user pool. Check it, or ask the person to sign up first.',
  ],
  'user.not_invited': [
    'The invitation was not sent',
    'Cognito could not send the message. The user may exist: look for them before you try again.',
  ],
  'user.exists': [
    'This user already exists',
    'The user pool has a user with this address or name. Add that user instead.',
  ],
  'user.refused': [
    'Cognito refused to create this user',
    'The settings of the user pool do not allow it. Tell the operator of Usher.',
  ],
  'username.email_address': [
    'A user name cannot be an email address here',
    'Enter another name, or leave the field empty to have one generated.',
  ],
  'username.invalid': [
    'This user name is not valid',
    'A user name has 1 to 128 characters, without spaces.',
  ],
  'email_address.invalid': [
    'This is not an email address',
    'Enter one such as jane@acme.com. If you copied it, type it instead: it may contain characters that cannot be seen.',
  ],
  'email_address.quoted_local_part': [
    'The part before the @ is in quotation marks',
    'Addresses like this cannot be members. Enter one without quotation marks.',
  ],
  'email_address.ambiguous_domain': [
    'Mail systems read the part after the @ differently',
    'Some of its letters have several ASCII forms. Enter its ASCII form, which begins with xn--.',
  ],
  'email_address.domain': [
    'The part after the @ is not a domain that can be listed',
    'Check the address. It ends with a domain such as acme.com.',
  ],

  'service.unavailable': UNAVAILABLE,
  'user_pool.too_many_requests': [
    'Cognito is busy',
    'Wait a moment, then try again. Usher continues where it stopped.',
  ],
  'user_pool.quota_used_up': [
    'A limit of Cognito is reached',
    'It may be the daily limit for emails. Try again later, or tell the operator of Usher.',
  ],
  'user_pool.misconfigured': [
    'A setting of the user pool is wrong',
    'Tell the operator of Usher. The log has the reason.',
  ],
  internal: STATUSES[500] as Entry,
};

/** The reasons that only a decision about an address has. The others are codes of the API. */
export const REASONS: Record<string, (domain: string) => string> = {
  no_email: () => 'The user has no email address, so no domain admits them.',
  email_not_verified: () => 'The user has not proven that the address is theirs.',
  provider_not_trusted: () =>
    'The identity provider can assert any address. The operator of Usher decides which ones are trusted.',
  not_in_hosted_domain: () =>
    'The Google account does not belong to the owner of the domain. Only accounts that the owner manages are admitted.',
  public_mailbox: (domain) =>
    `The domain ${domain} is a public mailbox provider: anybody can have an address there.`,
  public_suffix: (domain) =>
    `The domain ${domain} is a public suffix: anybody can register a name below it.`,
  not_listed: (domain) => `The domain ${domain} is not listed.`,
  removed_earlier: () =>
    'A member with this address was removed, and stays removed until somebody adds them by hand.',
  domain_not_proven: (domain) =>
    `This organization lists ${domain}, but has not proven that it owns the domain. Nobody joins by it before DNS has the record.`,
  enrollment_off: () => 'The rule is switched off, so that nobody joins by it.',
  already_requested: () => 'This person has asked already. An administrator has to decide.',
  address_not_in_listed_domain: () =>
    'Through this identity provider, only addresses in a proven domain of this organization are admitted.',
  already_member: () => 'This person is already a member.',
  user_deleted: () => 'This user was deleted.',
};
