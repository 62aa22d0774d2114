//! What one may do here, and which roles may.

stoa_web::permissions! {
    ClientRead = "identity.client.read", "See clients", [OPERATOR, AUDITOR];
    ClientWrite = "identity.client.write", "Register and change clients", [OPERATOR];
    WalletBind = "identity.wallet.bind", "Bind wallets to people who prove who they are", [OPERATOR];
    KeyWrite = "identity.key.write", "Turn the signing keys", [OPERATOR];
    PersonRead = "identity.person.read", "Find people and see what is known of them", [OFFICIAL];
    PersonWrite = "identity.person.write", "Enrol people and change what is known of them", [OFFICIAL];
    PersonState = "identity.person.state", "Deactivate, block and bring back identities", [APPROVER];
}
