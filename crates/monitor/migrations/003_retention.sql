-- The texts that are not removed yet, oldest first, and the reports that came in one body.
CREATE INDEX report_kept ON report (tenant, checked_at, id) WHERE pruned_at IS NULL;
CREATE INDEX report_submission_body ON report_submission (submission);

-- The newest reports and changes of a subject, under whatever scope.
CREATE INDEX report_newest ON report (tenant, subject, checked_at);
CREATE INDEX state_change_subject ON state_change (tenant, subject, at);

-- Who runs a subject, to be told when its state changes (scs-0004).
ALTER TABLE account ADD COLUMN email TEXT NOT NULL DEFAULT '';
