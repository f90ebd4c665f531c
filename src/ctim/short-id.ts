/** `judgement-<uuid>` of `https://…/ctia/judgement/judgement-<uuid>`; a short id stays as it is. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
