/** CTIM's closed list of observable types. A value is not checked against its type: `ip` with `not-an-ip` is accepted. */
export const CTIM_OBSERVABLE_TYPES = [
  ...['acudid', 'amp_computer_guid', 'certificate_common_name', 'certificate_issuer', 'certificate_serial'],
  ...['cisco_cm_id', 'cisco_mid', 'cisco_uc_id', 'cortex_agent_id', 'crowdstrike_id', 'cvm_id', 'cybereason_id'],
  ...['darktrace_id', 'device', 'domain', 'email', 'email_messageid', 'email_subject', 'file_name', 'file_path'],
  ...['google_chromebook_id', 'google_cloud_id', 'hostname', 'imei', 'imsi', 'intune_id', 'ip', 'ipv6'],
  ...['jamf_management_id', 'mac_address', 'md5', 'meraki_network_id', 'meraki_node_sn', 'meraki_org_id'],
  ...['ms_machine_id', 'mutex', 'ngfw_id', 'ngfw_name', 'odns_identity', 'odns_identity_label', 'orbital_node_id'],
  ...['pki_serial', 'process_args', 'process_hash', 'process_name', 'process_path', 'process_uid', 'process_username'],
  ...['processor_id', 'registry_key', 'registry_name', 'registry_path', 's1_agent_id', 'secure_access_id'],
  ...['serial_number', 'service_now_id', 'sha1', 'sha256', 'swc_device_id', 'trend_micro_id', 'url', 'user'],
  ...['user_agent'],
];

export const INDICATOR_TYPES = [
  ...['Anonymization', 'C2', 'Compromised PKI Certificate', 'Domain Watchlist', 'Exfiltration', 'File Hash Watchlist'],
  ...['Host Characteristics', 'IMEI Watchlist', 'IMSI Watchlist', 'IP Watchlist', 'Login Name', 'Malicious E-mail'],
  ...['Malware Artifacts', 'Private Threat Feed', 'URL Watchlist'],
];

export const LOCKHEED_MARTIN = 'lockheed-martin-cyber-kill-chain';
export const LOCKHEED_MARTIN_PHASES = [
  ...['actions-on-objective', 'command-and-control', 'delivery', 'exploitation', 'installation', 'reconnaissance'],
  ...['weaponization'],
];

export const INCIDENT_STATUSES = [
  ...['Closed', 'Closed: Confirmed Threat', 'Closed: False Positive', 'Closed: Merged', 'Closed: Near-Miss'],
  ...['Closed: Other', 'Closed: Suspected', 'Closed: Under Review', 'Containment Achieved', 'Hold', 'Hold: External'],
  ...['Hold: Internal', 'Hold: Legal', 'Incident Reported', 'New', 'New: Presented', 'New: Processing', 'Open'],
  ...['Open: Contained', 'Open: Investigating', 'Open: Recovered', 'Open: Reported', 'Rejected'],
  ...['Restoration Achieved', 'Stalled'],
];

/** What an incident is scored by, as CTIA ships it. */
export const SCORE_TYPES = ['asset', 'ttp', 'probability', 'global', 'ml_score'];
