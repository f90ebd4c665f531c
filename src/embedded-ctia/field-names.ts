/** Names that several kinds let `fields`, `sort_by` and `search_fields` choose from. */
export const COMMON_NAMES = ['id', 'schema_version', 'revision', 'timestamp', 'language', 'tlp'];
export const GENERIC_NAMES = [...COMMON_NAMES, 'source', 'source_uri', 'title'];
export const DESCRIBED_NAMES = ['id', 'source', 'title', 'description', 'short_description'];
export const DEFAULT_SORT = ['timestamp', 'created', 'id'];
