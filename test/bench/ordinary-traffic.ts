// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are what was sent
/**
 * Lines of a log in which nobody attacks, with what has been taken for attacks elsewhere: words of SQL in searches, names with
 * apostrophes, addresses in parameters, JQL and OData, base64, dead links, templates that were not filled in, real crawlers,
 * people who mistype their password. The same for the same number.
 */
export function* ordinaryLines(count: number): Generator<string> {
  const draw = makeDraw(20_261_125);
  let at = Date.UTC(2026, 10, 24);
  let stamp = stampOf(at);
  for (let n = 0; n < count; n++) {
    // Some 20 requests a second.
    if (draw(20) === 0) {
      at += 1000;
      stamp = stampOf(at);
    }
    const client = CLIENTS[draw(CLIENTS.length)] ?? '';
    const [method, target, status] = requestOf(draw, n);
    const agent = AGENTS[draw(AGENTS.length)] ?? '-';
    const referer = REFERERS[draw(REFERERS.length)] ?? '-';
    yield `${client} - - ${stamp} "${method} ${target} HTTP/1.1" ${status} ${draw(60_000)} "${referer}" "${agent}"`;
  }
}

type Draw = (below: number) => number;

/** Numerical Recipes' generator: good enough to mix lines, and the same everywhere. */
function makeDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function stampOf(at: number): string {
  const [, year, month, day, clock] = /^(\d{4})-(\d\d)-(\d\d)T(\S{8})/.exec(new Date(at).toISOString()) ?? [];
  return `[${day}/${MONTHS[Number(month) - 1]}/${year}:${clock} +0000]`;
}

/** Documentation ranges hold too few: these are taken from the range for benchmarks, RFC 2544. */
const CLIENTS = Array.from({ length: 20_000 }, (_, n) => `198.18.${Math.floor(n / 256)}.${n % 256}`);

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'curl/8.5.0',
  'python-requests/2.31.0',
  'Go-http-client/2.0',
  'UptimeRobot/2.0; http://www.uptimerobot.com/',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  '-',
];

const REFERERS = [
  '-',
  '-',
  'https://www.example.org/',
  'https://www.example.org/shop?page=2&sort=price',
  'https://www.google.com/',
  'https://www.google.com/search?q=how+to+select+from+union',
  'https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.example.org%2F%3Ffbclid%3DIwAR0a1b2c3',
  'android-app://com.google.android.gm/',
];

const SEARCHES = [
  ...['java+8+-+thread.sleep(1000)', 'javascript+-+alert(%27x%27)', 'top+10+order+by+1', 'sql+%27or%27+operator'],
  ...[
    'blue+shoes',
    'western+union+select+branches',
    'O%27Brien+and+sons',
    'rock+%27n%27+roll',
    'AT%26T',
    'C%2B%2B+or+C%23',
  ],
  ...[
    'select+the+best+from+our+range',
    'drop+table+lamp',
    'union+station',
    'caf%C3%A9+au+lait',
    'sleep+(5)+hours+a+night',
  ],
  ...['what%27s+new%3F', '5+%3C+6', 'a%3Cb', 'alert+system', 'cat+food%3B+dog+food', '1%2B1%3D2', 'order+by+phone'],
  ...[
    '%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82',
    '%E6%97%A5%E6%9C%AC',
    'passwd',
    '%2Fetc%2Fpasswd',
    'javascript%3A+the+good+parts',
  ],
  ...[
    '%22exact+phrase%22',
    'script+fonts',
    'insert+into+envelope',
    'where+is+my+order',
    '100%25+wool',
    'tom+%26+jerry',
  ],
  ...[
    'select+*+from+users+explained',
    'having+1+child',
    '%3Cbr%3E+tag',
    'or+1%3D1+explained',
    'eval()+vs+exec()',
    '${price}',
  ],
];

const PAGES = [
  ...[
    '/js/config.1a2b3c.js',
    '/js/config-2.js',
    '/elfinder/connector.php?cmd=ls&target=l1_Lw&reqid=18c',
    '/wp-login.php',
  ],
  ...['/arcgis/rest/services/1/query?where=1%3D1&outFields=*', '/resize?src=https://cdn.example.org/a.jpg?&w=300'],
  ...['/services/data/v50.0/query?q=SELECT+Id,(SELECT+Name+FROM+Contacts)+FROM+Account+WHERE+Age%3D3'],
  ...['/?p=12&replytocom=7', '/graphql?query=%7Buser(id:1)%7Bname%7D%7D', '/data/%5Bid%5D.json', '/author/?author=1'],
  ...[
    '/',
    '/index.html',
    '/shop',
    '/about-us',
    '/contact',
    '/select-plan',
    '/union-jack-flag',
    '/scripts/app.min.js?v=142',
  ],
  ...[
    '/wp-content/themes/site/style.css?ver=6.7',
    '/wp-content/uploads/2026/11/photo-1024x768.jpg',
    '/wp-includes/js/jquery/jquery.min.js?ver=3.7.1',
  ],
  ...[
    '/wp-json/wp/v2/posts?per_page=10',
    '/favicon.ico',
    '/robots.txt',
    '/sitemap.xml',
    '/.well-known/security.txt',
    '/feed/',
  ],
  ...[
    '/api/v2/items?filter[name]=blue&filter[price][lt]=20',
    '/api/session',
    '/manifest.webmanifest',
    '/apple-touch-icon.png',
  ],
  ...[
    '/docs/information_schema.html',
    '/docs/etc/passwd.html',
    '/docs/bin/sh',
    '/files/report-2026..final.pdf',
    '/a/../b',
  ],
];

/** Method, target, status: in a hundred requests some of each kind. */
function requestOf(draw: Draw, n: number): readonly [string, string, number] {
  const kind = draw(100);
  if (kind < 40) return ['GET', PAGES[draw(PAGES.length)] ?? '/', draw(20) === 0 ? 304 : 200];
  if (kind < 55) return ['GET', `/static/${hex(draw)}/chunk-${hex(draw)}.${draw(2) === 0 ? 'js' : 'css'}`, 200];
  if (kind < 65) return ['GET', `/shop/item/${draw(50_000)}?utm_source=newsletter&utm_campaign=autumn-${draw(9)}`, 200];
  if (kind < 77) return ['GET', `/search?q=${SEARCHES[draw(SEARCHES.length)]}&page=${draw(9)}`, 200];
  if (kind < 82)
    return ['GET', `/login?return=${encodeURIComponent(`https://www.example.org/shop/item/${n}?a=1&b=2`)}`, 302];
  if (kind < 86) return ['POST', '/api/events', 204];
  if (kind < 88) return ['GET', `/callback?code=${token(draw)}&state=${token(draw)}%3D%3D`, 302];
  if (kind < 90)
    return [
      'GET',
      `/rest/api/2/search?jql=project%20%3D%20%27ABC%27%20AND%20status%20%3D%20%27Open%27%20ORDER%20BY%20created`,
      200,
    ];
  if (kind < 91)
    return [
      'GET',
      `/odata/Products?$filter=Price%20gt%2020%20and%20contains(Name,%27O%27%27Neil%27)&$top=${draw(50)}`,
      200,
    ];
  if (kind < 92) return ['POST', '/login', draw(10) === 0 ? 401 : 302];
  if (kind < 93) return ['GET', `/old/page-${draw(3000)}.html`, 404];
  if (kind < 94) return ['GET', `/img/${hex(draw)}.png`, 404];
  if (kind < 95) return ['GET', '/%7B%7Bproduct.image%7D%7D', 404];
  if (kind < 96) return ['GET', '/javascript:void(0)', 404];
  if (kind < 97)
    return [
      'GET',
      `/share?url=https%3A%2F%2Fnews.example.net%2Fstory.php%3Fid%3D${draw(9999)}&title=It%E2%80%99s%20here`,
      200,
    ];
  if (kind < 98 && n % 2 === 0) return ['POST', '/oauth/token', 401];
  if (kind < 98) return ['OPTIONS', '/api/v2/items', 204];
  if (kind < 99) return ['POST', '/wp-admin/admin-ajax.php', 200];
  return [
    'GET',
    `/maps/tile?bbox=${draw(180)}.5,${draw(90)}.25,${draw(180)},${draw(90)}&layers=roads|rivers;cities`,
    200,
  ];
}

function hex(draw: Draw): string {
  return draw(2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

function token(draw: Draw): string {
  return Buffer.from(`${hex(draw)}${hex(draw)}${hex(draw)}`).toString('base64url');
}
