import { type NameFacts, namesIn } from './facts.ts';

/**
 * The names that most people use every day, and those that other sites cannot do without. Typed from general knowledge of the
 * web; what ranks high and is not known to everybody is left to the fetched lists. A block of one of these blocks all below it.
 */
export const WELL_KNOWN_NAMES: NameFacts = {
  title: 'the best-known names',
  source: 'general knowledge, by the order of https://radar.cloudflare.com/domains and https://tranco-list.eu',
  date: '2026-11',
  names: namesIn(`
    # Searching and finding
    google.com google.de google.co.uk google.fr google.es google.it google.nl google.pl google.ca google.com.au google.com.br
    google.co.jp google.co.in google.ch google.at google.be google.se bing.com duckduckgo.com yahoo.com yahoo.co.jp baidu.com
    yandex.ru yandex.com ecosia.org startpage.com qwant.com seznam.cz naver.com daum.net sogou.com search.brave.com ask.com
    # Google's own
    googleapis.com gstatic.com googleusercontent.com ggpht.com gmail.com youtube.com ytimg.com youtu.be googlevideo.com
    android.com google-analytics.com googletagmanager.com doubleclick.net recaptcha.net googlesyndication.com drive.google.com
    docs.google.com mail.google.com accounts.google.com goo.gl firebaseio.com firebase.com withgoogle.com chromium.org
    chrome.com waze.com blogger.com g.co
    # Microsoft's
    microsoft.com live.com office.com office365.com outlook.com hotmail.com msn.com windows.com windows.net azure.com
    azureedge.net azurefd.net microsoftonline.com microsoftonline-p.com msauth.net msftauth.net sharepoint.com onedrive.com
    onenote.com skype.com teams.microsoft.com office.net login.microsoftonline.com graph.microsoft.com static.microsoft
    cloud.microsoft akamaized.net xbox.com visualstudio.com vscode.dev nuget.org dynamics.com powerapps.com azurewebsites.net
    trafficmanager.net linkedin.com licdn.com lnkd.in minecraft.net mojang.com windowsazure.com msocdn.com aka.ms
    # Apple's
    apple.com icloud.com icloud-content.com mzstatic.com cdn-apple.com me.com itunes.com apple-dns.net
    # Amazon's
    amazon.com amazon.de amazon.co.uk amazon.co.jp amazon.fr amazon.it amazon.es amazon.in amazon.ca amazonaws.com
    s3.amazonaws.com cloudfront.net awsstatic.com media-amazon.com ssl-images-amazon.com primevideo.com twitch.tv imdb.com
    audible.com kindle.com elasticbeanstalk.com amazontrust.com
    # Delivery
    akamai.net akamai.com akamaiedge.net akamaihd.net akadns.net edgekey.net edgesuite.net akam.net cloudflare.com
    cloudflare.net cloudflareinsights.com workers.dev pages.dev cdnjs.cloudflare.com fastly.net fastly.com fastlylb.net
    jsdelivr.net unpkg.com bootstrapcdn.com jquery.com cdn77.org b-cdn.net incapdns.net
    impervadns.net azioncdn.net fontawesome.com typekit.net gravatar.com cdninstagram.com bunny.net
    keycdn.com
    # Talking to each other
    facebook.com facebook.net fbcdn.net fb.com messenger.com instagram.com whatsapp.com whatsapp.net threads.net threads.com
    meta.com x.com twitter.com twimg.com t.co bsky.app mastodon.social tiktok.com tiktokcdn.com tiktokv.com byteoversea.com
    reddit.com redd.it redditmedia.com redditstatic.com snapchat.com pinterest.com pinimg.com tumblr.com discord.com
    discordapp.com discord.gg quora.com telegram.org t.me signal.org whispersystems.org wechat.com weixin.qq.com qq.com
    weibo.com vk.com line.me viber.com slack.com slack-edge.com zoom.us zoom.com webex.com wbx2.com gotomeeting.com
    teamviewer.com anydesk.com jitsi.org matrix.org element.io mattermost.com kakao.com ok.ru
    # Reading and seeing
    wikipedia.org wikimedia.org wikidata.org wiktionary.org mediawiki.org archive.org openstreetmap.org bbc.co.uk bbc.com
    bbci.co.uk cnn.com nytimes.com theguardian.com washingtonpost.com reuters.com bloomberg.com wsj.com ft.com forbes.com
    economist.com spiegel.de zeit.de faz.net sueddeutsche.de bild.de heise.de tagesschau.de ard.de zdf.de orf.at srf.ch nzz.ch
    lemonde.fr lefigaro.fr elpais.com elmundo.es repubblica.it corriere.it nos.nl svt.se nrk.no yle.fi dr.dk rte.ie
    aljazeera.com apnews.com npr.org usatoday.com nbcnews.com foxnews.com cbsnews.com cnbc.com time.com medium.com
    substack.com wordpress.com wordpress.org wp.com blogspot.com wix.com squarespace.com netflix.com nflxvideo.net nflximg.net
    nflxso.net spotify.com scdn.co spotifycdn.com soundcloud.com vimeo.com vimeocdn.com dailymotion.com hulu.com
    disneyplus.com hbomax.com max.com dazn.com roku.com steampowered.com steamcommunity.com steamstatic.com epicgames.com
    playstation.com playstation.net nintendo.com nintendo.net roblox.com rbxcdn.com ea.com battle.net blizzard.com
    riotgames.com ubi.com nature.com science.org sciencedirect.com springer.com ieee.org acm.org arxiv.org doi.org nih.gov
    # Paying, buying, travelling
    paypal.com paypalobjects.com stripe.com stripe.network visa.com mastercard.com americanexpress.com klarna.com adyen.com
    squareup.com wise.com revolut.com chase.com bankofamerica.com wellsfargo.com citi.com hsbc.com barclays.co.uk
    lloydsbank.com deutsche-bank.de commerzbank.de sparkasse.de ing.com ubs.com bnpparibas.com santander.com swift.com
    coinbase.com binance.com ebay.com ebay.de ebay.co.uk ebaystatic.com ebayimg.com etsy.com aliexpress.com alibaba.com
    alicdn.com taobao.com tmall.com jd.com walmart.com target.com ikea.com zalando.de otto.de shopify.com shopifycdn.com
    myshopify.com temu.com shein.com mercadolibre.com rakuten.co.jp flipkart.com booking.com airbnb.com expedia.com
    tripadvisor.com uber.com lyft.com bahn.de sbb.ch lufthansa.com ryanair.com dhl.com dhl.de ups.com fedex.com usps.com
    royalmail.com post.ch deutschepost.de laposte.fr weather.com accuweather.com indeed.com
    # Work
    github.com githubusercontent.com githubassets.com github.io ghcr.io gitlab.com bitbucket.org atlassian.com atlassian.net
    jira.com trello.com stackoverflow.com stackexchange.com sstatic.net npmjs.com npmjs.org nodejs.org python.org pypi.org
    docker.com docker.io kubernetes.io golang.org rust-lang.org java.com oracle.com mysql.com php.net apache.org eclipse.org
    jetbrains.com ruby-lang.org debian.org ubuntu.com canonical.com redhat.com fedoraproject.org suse.com opensuse.org
    archlinux.org kernel.org gnu.org mozilla.org mozilla.net mozilla.com firefox.com sourceforge.net snapcraft.io dropbox.com
    dropboxusercontent.com dropboxstatic.com box.com boxcdn.net wetransfer.com evernote.com notion.so notion.com figma.com
    canva.com miro.com airtable.com asana.com monday.com grammarly.com salesforce.com force.com servicenow.com service-now.com
    sap.com ondemand.com workday.com hubspot.com zendesk.com zdassets.com intercom.io mailchimp.com sendgrid.net mailgun.org
    docusign.com docusign.net adobe.com adobe.io adobedtm.com demdex.net omtrdc.net autodesk.com deepl.com proton.me
    protonmail.com openai.com chatgpt.com oaistatic.com oaiusercontent.com anthropic.com claude.ai huggingface.co
    perplexity.ai herokuapp.com heroku.com netlify.app netlify.com vercel.app vercel.com digitalocean.com ovh.net hetzner.com
    hetzner.de ionos.com ionos.de strato.de godaddy.com namecheap.com gandi.net gmx.net gmx.de web.de t-online.de telekom.de
    telekom.com vodafone.com vodafone.de orange.fr free.fr bt.com att.com att.net verizon.com comcast.net xfinity.com aol.com
    mail.ru fastmail.com zoho.com tutanota.com
    # Makers and guardians of networks
    cisco.com umbrella.com opendns.com meraki.com duosecurity.com duo.com okta.com oktacdn.com auth0.com onelogin.com
    pingidentity.com 1password.com lastpass.com bitwarden.com paloaltonetworks.com fortinet.com checkpoint.com sophos.com
    zscaler.com zscaler.net crowdstrike.com sentinelone.com kaspersky.com eset.com mcafee.com trellix.com symantec.com
    broadcom.com norton.com avast.com bitdefender.com trendmicro.com proofpoint.com mimecast.com barracuda.com tenable.com
    qualys.com rapid7.com splunk.com elastic.co virustotal.com abuse.ch spamhaus.org shadowserver.org cert.org mitre.org
    talosintelligence.com vmware.com citrix.com juniper.net arista.com f5.com datadoghq.com newrelic.com nr-data.net sentry.io
    hp.com hpe.com dell.com lenovo.com ibm.com intel.com amd.com nvidia.com samsung.com huawei.com sony.com lg.com xiaomi.com
    siemens.com bosch.com logitech.com epson.com canon.com brother.com
    # Public things
    europa.eu un.org who.int nato.int gov.uk usa.gov irs.gov nasa.gov noaa.gov cdc.gov nist.gov cisa.gov whitehouse.gov
    bund.de bsi.bund.de elster.de admin.ch gouvernement.fr service-public.fr gov.pl gov.br gov.au canada.ca go.jp nhs.uk
    iana.org icann.org ietf.org rfc-editor.org w3.org isc.org ripe.net arin.net apnic.net lacnic.net afrinic.net internic.net
    letsencrypt.org digicert.com publicsuffix.org sectigo.com globalsign.com verisign.com entrust.com eff.org torproject.org mit.edu
    stanford.edu harvard.edu berkeley.edu ox.ac.uk cam.ac.uk ethz.ch cern.ch tum.de fraunhofer.de mpg.de
  `),
};
