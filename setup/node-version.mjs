/** The oldest Node that everything here was tried on; package.json's `engines` says the same. */
const OLDEST = [20, 19];

/** @returns {string | undefined} what is wrong with the Node that runs this */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return (
    `this is Node ${version}; ctim-feeds needs Node ${OLDEST.join('.')} or newer (20, 22 and 24 are tried).\n` +
    'Install a newer one (from nodejs.org, or `npm install --global n && n 24`) and run the same command again.'
  );
}
