//! What one may do here, and which roles may.

stoa_web::permissions! {
    RegistryRead = "registries.registry.read", "See registers and their schemas", [OPERATOR, ANALYST, OFFICIAL, AUDITOR, GOVSTACK];
    RegistryDesign = "registries.registry.design", "Design and publish registers", [ANALYST, GOVSTACK];
    RegistryDelete = "registries.registry.delete", "Delete registers", [ANALYST, GOVSTACK];
    RecordRead = "registries.record.read", "Read records", [ANALYST, OFFICIAL, GOVSTACK];
    RecordWrite = "registries.record.write", "Create and change records", [ANALYST, OFFICIAL, GOVSTACK];
    RecordDelete = "registries.record.delete", "Delete records", [ANALYST, OFFICIAL, GOVSTACK];
    LogRead = "registries.log.read", "See who changed and who read records", [ANALYST, AUDITOR];
    UsageRead = "registries.usage.read", "See who read a person's data", [ANALYST, AUDITOR, GOVSTACK];
}
