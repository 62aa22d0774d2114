//! What one may do here, and which roles may. Accounts of the monitor's own bring theirs with them, see
//! [`service::permissions_of`](crate::service::permissions_of).

stoa_web::permissions! {
    ReportSubmit = "monitor.report.submit", "Hand in reports", [OPERATOR];
    ReportReadAny = "monitor.report.read_any", "Read the whole reports of all subjects", [OPERATOR, AUDITOR];
    ResultPropose = "monitor.result.propose", "Record what programs cannot find out, and ask for waivers", [OFFICIAL, OPERATOR];
    ResultApprove = "monitor.result.approve", "Approve results and grant waivers", [APPROVER];
    CertificateIssue = "monitor.certificate.issue", "Issue, suspend and withdraw certificates", [APPROVER];
    AccountRead = "monitor.account.read", "See accounts, listings, scopes and decisions", [OPERATOR, OFFICIAL, APPROVER, AUDITOR];
    AccountWrite = "monitor.account.write", "Keep accounts, listings and scopes", [OPERATOR];
}
