## Navigation and lists
registries-title = Registers
registries-nav = Registers
registries-group = Data
registries-lead = A register holds records of one kind: people, places, licences. Its schema says which fields a record has.
registries-none = There are no registers yet.
registries-none-hint = Create one, or import a file: its fields are recognised for you.
registries-new = New register
registries-new-from-file = New register from a file
registries-name = Name
registries-code = Short code
registries-code-hint = Letters, digits and hyphens. Programs use it in addresses. It cannot be changed later.
registries-description = Description
registries-description-hint = What the register holds, for people who have never seen it.
registries-records = Records
registries-version = Version
registries-state = State
registries-changed = Changed
registries-by = By
registries-create = Create the register
registries-created = The register was created. Add its fields, then publish it.

## States
registries-state-draft = Draft
registries-state-published = Published
registries-state-superseded = Superseded
registries-state-has-draft = With unpublished changes

## One register
registries-overview = Overview
registries-schema = Schema
registries-changes = Changes
registries-reads = Reads
registries-statistics = Statistics
registries-import = Import
registries-export = Export
registries-versions = Versions
registries-openapi = API description (OpenAPI)
registries-per-day = Records created per day
registries-day = Day
registries-not-published = This register is a draft. Records can be entered once it is published.
registries-personal = Personal data
registries-personal-notice = This register holds personal data. Who looks at a record is recorded, and the person may see it.

## Records
registries-search = Search
registries-filter-field = Field
registries-filter-any = Any field
registries-find = Find
registries-no-records = There are no records.
registries-no-matches = No record matches.
registries-no-matches-hint = Try fewer or other words, or show all records.
registries-record = Record
registries-record-title = Record { $key }
registries-record-new = New record
registries-record-create = Create the record
registries-record-created = The record was created.
registries-record-edit = Edit
registries-record-edit-title = Edit record { $key }
registries-record-save = Save the changes
registries-record-saved = The changes were saved.
registries-record-delete = Delete
registries-record-delete-title = Delete this record?
registries-record-delete-text = The record disappears from lists and searches. Its history stays, and says who deleted it.
registries-record-deleted = The record was deleted.
registries-record-conflict = Somebody else changed this record in the meantime. Look at the present values, then make your change again.
registries-record-actions = Actions
registries-fields = Fields
registries-empty = (empty)
registries-yes = Yes
registries-no = No
registries-choose = Choose
registries-created-at = Created
registries-modified-at = Last changed
registries-identifier = Identifier

## Changes and reads
registries-change-log = Changes of this record
registries-read-log = Who read this record
registries-when = When
registries-who = Who
registries-what = What
registries-action-create = Created
registries-action-update = Changed
registries-action-delete = Deleted
registries-hidden = (hidden: personal data)
registries-no-changes = Nothing has been changed yet.
registries-no-reads = Nobody has read personal data here yet.
registries-purpose = Purpose
registries-client = Organisation
registries-reads-lead = Each time somebody reads personal data, a line is written here before the answer is given.
registries-changes-lead = Every change, with the values before and after. Nobody can take a line away unseen.

## Schema
registries-schema-lead = Change the draft as you like. Nothing changes for anybody until you publish it.
registries-field = Field
registries-field-name = Name
registries-field-name-hint = As it stands in forms and in the API. Letters, digits, spaces, _ and -.
registries-field-kind = Type
registries-field-description = Description
registries-field-description-hint = Shown beside the field in forms.
registries-field-example = Example
registries-field-required = Must be filled in
registries-field-unique = No two records may have the same value
registries-field-primary = Names the record (primary key)
registries-field-read-only = Cannot be changed after creation
registries-field-personal = Personal data
registries-field-personal-id = Identifies the person whose data it is
registries-field-fulltext = Found by the search
registries-field-min = Smallest value or length
registries-field-max = Largest value or length
registries-field-choices = Values to choose from
registries-field-choices-hint = One on each line. Leave empty to allow any value.
registries-field-link = Links to register
registries-field-none = None
registries-field-rules = Rules
registries-field-add = Add a field
registries-field-added = The field was added to the draft.
registries-field-save = Save the field
registries-field-saved = The field was saved in the draft.
registries-field-remove = Remove
registries-field-remove-title = Remove the field { $field }?
registries-field-remove-text = It disappears from the next version. Older versions still show its values.
registries-field-removed = The field was removed from the draft.
registries-field-up = Move up
registries-field-down = Move down
registries-no-fields = The draft has no fields yet.
registries-kind-text = Text
registries-kind-integer = Whole number
registries-kind-number = Number
registries-kind-boolean = Yes or no
registries-kind-date = Date
registries-kind-datetime = Date and time
registries-kind-time = Time
registries-kind-list = List
registries-publish = Publish
registries-publish-title = Publish version { $version }?
registries-publish-now = Publish this version
registries-impact = What publishing changes
registries-impact-duplicates = Records that share a value that is to be unique
registries-impact-misfits = Records that do not fit the new version
registries-impact-none = Nothing changes for those who use the register today.
registries-impact-breaking = { $count ->
    [one] One change can break programs that use the register. They can stay on the old version.
   *[other] { $count-text } changes can break programs that use the register. They can stay on the old version.
}
registries-breaking = Can break programs
registries-harmless = Harmless
registries-no-draft = There is nothing to publish: the draft is the same as the published version.

## Statistics
registries-statistics-lead = Counts only. No value of any record is shown here.
registries-count = Count
registries-reads-per-day = Reads of personal data per day
registries-changes-per-day = Changes per day

## Import and export
registries-import-lead = Files with CSV, JSON or NDJSON, in UTF-8. You see what was recognised before anything is written.
registries-import-file = File
registries-import-file-hint = At most { $size }. Larger files: use the command "stoa registry import".
registries-import-upload = Look at the file
registries-import-found = What was recognised
registries-import-rows = { $count ->
    [one] { $count-text } row
   *[other] { $count-text } rows
}
registries-import-key = Key: finds a record that is already there
registries-import-key-hint = A row whose key is there already updates that record. Importing the same file twice changes nothing.
registries-import-start = Import the records
registries-import-done = { $created-text } created, { $updated-text } updated, { $unchanged-text } unchanged.
registries-import-faults = { $count ->
    [0] Nothing is wrong with the file.
    [one] One row needs your attention.
   *[other] { $count-text } rows need your attention.
}
registries-import-refused = { $count ->
    [0] No row was refused.
    [one] One row was refused; the others were imported.
   *[other] { $count-text } rows were refused; the others were imported.
}
registries-import-line = Line
registries-import-fault = Fault
registries-import-examples = Examples
registries-import-filled = Filled in
registries-import-try = Try it without writing
registries-import-tried = This was a trial: nothing was written.
registries-import-no-file = Choose a file.
registries-export-lead = All records that you may see.
registries-export-format = Format
registries-export-start = Download
registries-export-csv = CSV, for spreadsheets
registries-export-json = JSON
registries-export-ndjson = NDJSON, one record per line

## Designer, forms and outcomes
registries-before-after = Before → after
registries-bounds-wrong = The largest value is smaller than the smallest one
registries-change-added = New field
registries-change-loosened = A rule allows more than before
registries-change-marked = The field is treated differently
registries-change-removed = Field removed
registries-change-renamed = Field renamed
registries-change-retyped = Another type
registries-change-tightened = A rule refuses more than before
registries-code-taken = Another register has this code
registries-code-wrong = Enter 1 to 60 letters (A–Z), digits or hyphens, beginning with a letter
registries-datetime-hint = Date and time with its offset, like 2026-11-24T09:30:00Z.
registries-delete = Delete the register
registries-delete-text =
    { $count ->
        [0] It disappears from all lists.
        [one] It disappears from all lists, with its record.
       *[other] It disappears from all lists, with its { $count-text } records.
    } Its history stays in the evidence.
registries-delete-title = Delete the register { $name }?
registries-deleted = The register was deleted.
registries-details = Name and description
registries-details-save = Save
registries-details-saved = Name and description were saved.
registries-effect = Effect
registries-example-hint = For example: { $example }
registries-field-name-missing = Enter the name of the field
registries-field-name-taken = Another field of the draft has this name
registries-field-pattern = Pattern
registries-field-pattern-hint = A regular expression that the whole text must match, like [A-Z]{"{"}2{"}"}.
registries-field-refused = The field does not fit into the schema
registries-institution = Institution
registries-list-hint = One on each line.
registries-name-missing = Enter a name
registries-number-wrong = Enter a number, like 10 or 2.5
registries-numbered-hint = Leave it empty to get the next number.
registries-page = Page { $number-text }
registries-pattern-wrong = This pattern cannot be used: { $reason }
registries-published-at = Published on
registries-published-now = The version is published. Records can be entered.
registries-publishing-now = The records that are there are being checked for the new version. It is published as soon as they are.
registries-read-log-kept = Record who reads personal data
registries-read-log-kept-hint = Turn this off only where the law allows it.
registries-reason = Reason
registries-record-present = The record as it is now
registries-rule-choices = Choice
registries-rule-fulltext = Searched
registries-rule-linked = Linked
registries-rule-pattern = Pattern
registries-rule-primary = Names the record
registries-rule-read-only = Read only
registries-rule-required = Required
registries-rule-unique = Unique
registries-schema-json = The schema as JSON
registries-time-hint = Like 09:30.
registries-import-format = The ending of the file’s name tells no format: use .csv, .json or .ndjson
registries-create-import = Create the register and import
registries-more =
    { $count ->
        [one] and one more
       *[other] and { $count-text } more
    }
