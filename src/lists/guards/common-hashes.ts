import type { Facts } from './facts.ts';
import type { Look } from './guard.ts';

/** SHA-256, SHA-1 and MD5 of files that are everywhere and harmless; reckoned from the bytes, the archives from EICAR's page. */
export const COMMON_HASHES: Facts & { readonly files: ReadonlyMap<string, string> } = {
  title: 'files that stand on every machine',
  source: 'https://www.eicar.org/download-anti-malware-testfile/ and the bytes themselves',
  date: '2026-11',
  files: new Map([
    ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'the empty file'],
    ['da39a3ee5e6b4b0d3255bfef95601890afd80709', 'the empty file'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'the empty file'],
    ['01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b', 'a file of one line feed'],
    ['adc83b19e793491b1c6ea0fd8b46cd9f32e592fc', 'a file of one line feed'],
    ['68b329da9893e34099c7d8ad5cb9c940', 'a file of one line feed'],
    ['7eb70257593da06f682a3ddda54a9d260d4fc514f645237f5ca74b08f8da61a6', 'a file of one line end (CR LF)'],
    ['ba8ab5a0280b953aa97435ff8946cbcbb2755a27', 'a file of one line end (CR LF)'],
    ['81051bcc2cf1bedf378224b0a93e2877', 'a file of one line end (CR LF)'],
    ['36a9e7f1c95b82ffb99743e0c5c4ce95d83c9a430aac59f84ef3cbfab6145068', 'a file of one blank'],
    ['b858cb282617fb0956d960215c8e84d1ccf909c6', 'a file of one blank'],
    ['7215ee9c7d9dc229d2921a40e899ec5f', 'a file of one blank'],
    ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', 'a file of one NUL'],
    ['5ba93c9db0cff93f52b521d7420e43f6eda2784f', 'a file of one NUL'],
    ['93b885adfe0da089cdf634904fd59f71', 'a file of one NUL'],
    ['275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f', "EICAR's harmless test file"],
    ['3395856ce81f2b7382dee72602f798b642f14140', "EICAR's harmless test file"],
    ['44d88612fea8a8f36de82e1278abb02f', "EICAR's harmless test file"],
    ['131f95c51cc819465fa1797f6ccacf9d494aaaff46fa3eac73ae63ffbdfd8267', "EICAR's harmless test file with a line feed"],
    ['cf8bd9dfddff007f75adf4c2be48005cea317c62', "EICAR's harmless test file with a line feed"],
    ['69630e4574ec6798239b091cda43dca0', "EICAR's harmless test file with a line feed"],
    [
      '8b3f191819931d1f2cef7289239b5f77c00b079847b9c2636e56854d1e5eff71',
      "EICAR's harmless test file with a line end (CR LF)",
    ],
    ['a6c80ce949469cc86f6c22355f4d3bb8773fc634', "EICAR's harmless test file with a line end (CR LF)"],
    ['e7e5fa40569514ec442bbdf755d89c2f', "EICAR's harmless test file with a line end (CR LF)"],
    ['2546dcffc5ad854d4ddc64fbf056871cd5a00f2471cb7a5bfd4ac23b6e9eedad', "EICAR's test file in an archive"],
    ['d27265074c9eac2e2122ed69294dbc4d7cce9141', "EICAR's test file in an archive"],
    ['6ce6f415d8475545be5ba114f208b0ff', "EICAR's test file in an archive"],
    ['e1105070ba828007508566e28a2b8d4c65d192e9eaf3b7868382b7cae747b397', "EICAR's test file in two archives"],
    ['bec1b52d350d721c7e22a6d4bb0a92909893a3ae', "EICAR's test file in two archives"],
    ['e4968ef99266df7c9a1f0637d2389dab', "EICAR's test file in two archives"],
  ]),
};

export const commonHash: Look = ({ observable }) => {
  const file = COMMON_HASHES.files.get(observable.value);
  return file === undefined
    ? undefined
    : { weight: 'refuse', why: `it is the hash of ${file}, which stands on every machine and harms none` };
};
