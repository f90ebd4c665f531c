import { type NameFacts, namesIn } from './facts.ts';

/**
 * Where certificates are checked: revocation lists, OCSP responders, issuers' certificates. Typed from the AIA and CRL fields
 * of certificates in use and the authorities' practice statements. The name and all below it.
 */
export const CERTIFICATE_HOSTS: NameFacts = {
  title: 'OCSP and CRL hosts',
  source: 'https://www.ccadb.org/resources and AIA fields of certificates in use',
  date: '2026-11',
  names: namesIn(`
    # DigiCert with GeoTrust, Thawte, RapidSSL and Symantec
    ocsp.digicert.com crl3.digicert.com crl4.digicert.com cacerts.digicert.com ocsp.digicert.cn status.geotrust.com
    ocsp.geotrust.com status.rapidssl.com status.thawte.com ocsp.thawte.com ocsp.verisign.com crl.verisign.com
    symcb.com symcd.com digitalcertvalidation.com
    # Let's Encrypt
    lencr.org letsencrypt.org identrust.com
    # Google Trust Services
    pki.goog pki.google.com
    # Sectigo (Comodo), USERTrust
    ocsp.sectigo.com crl.sectigo.com crt.sectigo.com ocsp.comodoca.com crl.comodoca.com ocsp.usertrust.com crl.usertrust.com
    crt.usertrust.com ocsp.trust-provider.com
    # GlobalSign
    ocsp.globalsign.com ocsp2.globalsign.com crl.globalsign.com crl.globalsign.net secure.globalsign.com
    # Entrust, GoDaddy, Amazon, Microsoft, Apple
    ocsp.entrust.net crl.entrust.net aia.entrust.net ocsp.godaddy.com crl.godaddy.com certificates.godaddy.com
    ocsp.starfieldtech.com crl.starfieldtech.com amazontrust.com oneocsp.microsoft.com ocsp.msocsp.com crl.microsoft.com
    mscrl.microsoft.com ocsp.apple.com ocsp2.apple.com crl.apple.com certs.apple.com valid.apple.com appattest.apple.com
    # Europe and others
    ocsp.quovadisglobal.com crl.quovadisglobal.com trust.quovadisglobal.com ocsp.swisssign.net crl.swisssign.net
    swisssign.ch ocsp-certum.com ocsp.certum.pl crl.certum.pl repository.certum.pl ocsp.buypass.com crl.buypass.no
    ocsp.harica.gr crl.harica.gr serverpass.telesec.de crl.telesec.de pki.telesec.de ocsp.d-trust.net
    crl.d-trust.net ocsp.pca.dfn.de cdp1.pca.dfn.de cdp2.pca.dfn.de ocsp.izenpe.com
    ocsp05.actalis.it ocsp09.actalis.it crl05.actalis.it crl09.actalis.it crls.ssl.com ocsps.ssl.com ocsp.trustwave.com
    crl.trustwave.com
  `),
};

/**
 * Where operating systems, browsers and protection get their updates, and where they look whether they are online. Typed from
 * the vendors' pages on what a firewall must let through. The name and all below it.
 */
export const UPDATE_HOSTS: NameFacts = {
  title: 'update hosts',
  source:
    'https://learn.microsoft.com/windows-server/administration/windows-server-update-services/deploy/2-configure-wsus https://support.apple.com/101555 https://ubuntu.com https://www.debian.org/mirror/list https://docs.redhat.com https://www.cisco.com/c/en/us/support/docs/security/secure-endpoint/118121-technote-fireamp-00.html',
  date: '2026-11',
  names: namesIn(`
    # Microsoft
    windowsupdate.com windowsupdate.microsoft.com update.microsoft.com download.microsoft.com
    delivery.mp.microsoft.com do.dsp.mp.microsoft.com definitionupdates.microsoft.com wustat.windows.com
    ntservicepack.microsoft.com go.microsoft.com wdcp.microsoft.com wd.microsoft.com officecdn.microsoft.com
    msftconnecttest.com msftncsi.com msedge.api.cdp.microsoft.com smartscreen.microsoft.com
    # Apple
    swscan.apple.com swcdn.apple.com swdist.apple.com swdownload.apple.com updates.cdn-apple.com mesu.apple.com gdmf.apple.com
    gs.apple.com oscdn.apple.com xp.apple.com captive.apple.com push.apple.com
    # Google and Mozilla
    update.googleapis.com dl.google.com tools.google.com clients2.google.com gvt1.com
    safebrowsing.googleapis.com connectivitycheck.gstatic.com aus5.mozilla.org download.mozilla.org
    download-installer.cdn.mozilla.net detectportal.firefox.com push.services.mozilla.com
    # Linux
    archive.ubuntu.com security.ubuntu.com ports.ubuntu.com esm.ubuntu.com api.snapcraft.io deb.debian.org security.debian.org
    ftp.debian.org cdn.redhat.com subscription.rhsm.redhat.com mirrors.fedoraproject.org download.opensuse.org
    updates.suse.com scc.suse.com dl-cdn.alpinelinux.org mirror.centos.org mirrors.rockylinux.org repo.almalinux.org
    mirrors.kernel.org cdn.kernel.org fwupd.org
    # What is built from
    npmjs.org pypi.org files.pythonhosted.org repo.maven.apache.org repo1.maven.org rubygems.org crates.io
    proxy.golang.org sum.golang.org api.nuget.org registry-1.docker.io auth.docker.io
    # Protection
    cloud-sa.amp.cisco.com cloud-sa.eu.amp.cisco.com talosintelligence.com database.clamav.net
    liveupdate.symantecliveupdate.com update.nai.com update.eset.com updates.paloaltonetworks.com
    fortiguard.net updates.checkpoint.com sophosupd.com sophosupd.net sophosxl.net kaspersky-labs.com
    upgrade.bitdefender.com crowdstrike.com cloudsink.net sentinelone.net
  `),
};
