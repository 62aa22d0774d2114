# used: action-registries-
# used: registries-file-
# used: problem-registries-
# used: block-registries
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
registries-record-conflict = Somebody else changed this record while you had it open.
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
registries-all-entries = Show all entries
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
registries-field-read-only = Filled in by the system: nobody enters or changes it
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
registries-field-up = Move { $field } up
registries-field-down = Move { $field } down
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
registries-import-lead = A file with CSV, JSON or NDJSON, in UTF-8. It is looked at first; nothing is written before you say so.
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
registries-pattern-wrong = This pattern cannot be used:
registries-published-at = Published on
registries-published-now = The version is published. Records can be entered.
registries-publishing-now = The records that are there are being checked for the new version. It is published as soon as they are.
registries-read-log-kept = Record who reads personal data
registries-read-log-kept-hint = Turn this off only where the law allows it.
registries-reason = Reason
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

## Faults in words
registries-fault-required = Enter { $field }
registries-fault-choose = Choose { $field } from the list
registries-fault-text = { $field } takes a text
registries-fault-number = { $field } takes a number, like 10 or 2.5
registries-fault-integer = { $field } takes a whole number, like 10
registries-fault-date = { $field } takes a real date: day, month and year, like 24 11 2026
registries-fault-datetime = { $field } takes a date and a time with its offset, like 2026-11-24T09:30:00Z
registries-fault-time = { $field } takes a time of day, like 09:30
registries-fault-list = { $field } takes at most 1000 texts, one on each line
registries-fault-min = { $field } is too small: enter { $bound } or more
registries-fault-max = { $field } is too large: enter { $bound } or less
registries-fault-short = { $field } is too short. Fewest characters: { $bound }
registries-fault-long = { $field } is too long. Most characters: { $bound }
registries-fault-large = { $field } is longer than a field can be
registries-fault-pattern = { $field } does not have the form that the register asks for:
registries-fault-example = { $field } does not have the form that the register asks for. For example: { $example }
registries-fault-unique = Another record has the same { $field }
registries-fault-foreign = { $field } names no record of the register that it links to
registries-fault-read-only = { $field } is filled in by the system and cannot be entered
registries-fault-unknown = { $field } is no field of this register
registries-fault-format = { $field } holds a character that cannot be kept
registries-fault-other = { $field } cannot be accepted:

## Faults of files
registries-file-line = Line { $line-text }:
registries-file-column = Line { $line-text }, column { $column-text }:
registries-file-unreadable = the file cannot be read.
registries-file-empty = the file holds no records.
registries-file-not-utf8 = a byte that is not UTF-8. Save the file as UTF-8 and try again.
registries-file-quote-inside = a quote inside a cell. Put the whole cell in quotes and double the quote.
registries-file-after-quote = text after the closing quote. A quote inside a quoted cell is written twice.
registries-file-open-quote = the quote that is opened here is never closed.
registries-file-nameless-column = a column has no name.
registries-file-duplicate-column = a column comes twice:
registries-file-too-many-columns = the table has too many columns.
registries-file-ragged = the row has another number of cells than the head.
registries-file-long-field = a cell is too long.
registries-file-long-record = a record is too long.
registries-file-formula = a spreadsheet would run this cell as a formula.
registries-file-not-json = this is not JSON.
registries-file-not-records = records are expected here: an array of objects, or one object on each line.
registries-file-wrong-type = the value does not fit the type of the field.
registries-file-key-missing = the key is missing.
registries-file-refused = the register refuses the record.

## Two people, one record
registries-conflict-do = Look at the form once more, then save it.
registries-conflict-taken = What the other person changed, and you did not, is in the form already:
registries-conflict-both = You both changed { $field }. Keep what you typed, or enter what the record holds now:
registries-entries =
    { $count ->
        [one] { $count-text } entry
       *[other] { $count-text } entries
    }
registries-too-long = Enter at most { $count-text } characters

## More of the designer
registries-field-link-lost = { $register }: field { $field } (not to be chosen any more)
registries-field-title = What people call it: { $language }
registries-field-kind-show = Show the rules of this type
registries-field-shortest = Fewest characters
registries-field-longest = Most characters
registries-field-numbering = Numbered by the register
registries-field-numbering-hint = A template with {"{"}indexNoByCode{"}"}; also {"{"}code{"}"} and {"{"}yyyy{"}"}. New records without a value get the next number.
registries-numbering-wrong = The template needs {"{"}indexNoByCode{"}"}, which counts the records
registries-field-name-wrong = Enter a name of 1 to 100 characters
registries-field-example-wrong = The example does not fit the type of the field
registries-field-unfillable = A field that only the system fills in cannot be asked of people: number it, or take one of the two rules away
registries-draft-late = Somebody else changed the draft in the meantime.
registries-draft-late-do = What you typed is still here. Look at the schema, then save once more.
registries-preview = See the form
registries-preview-lead = So the draft’s form will look. Nothing is sent from here.
registries-discard = Discard the draft
registries-discard-title = Discard the draft?
registries-discard-text = All changes since version { $version } that are not published are gone.
registries-discarded = The draft was discarded.
registries-schema-change = Back to the schema
registries-no-draft-do = Change a field of the schema first; what publishing would change is then shown here.
registries-impact-new = This is the first version. Records can be entered once it is published.
registries-impact-texts = Only texts for people change. No rule does.
registries-impact-harmless = None of these changes breaks programs that use the register today.
registries-schema-empty = The schema needs at least one field

## Problems
problem-registries-registry-not-found = There is no such register.
problem-registries-version-not-found = The register has no such version, or none is published yet.
problem-registries-field-not-found = The register has no such field.
problem-registries-record-not-found = There is no such record, or it was deleted.
problem-registries-code-taken = Another register has this code.
problem-registries-invalid-schema = The schema breaks a rule.
problem-registries-invalid-record = The record does not fit its schema.
problem-registries-invalid-request = The address of the page holds something that the register does not have.
problem-registries-not-unique = Another record has the same value.
problem-registries-several-match = Several records match where one is meant.
problem-registries-still-referred = Other records refer to this one, so it stays.
problem-registries-no-draft = There is no draft to publish.
problem-registries-draft-changed = Somebody else changed the draft in the meantime.
problem-registries-record-changed = Somebody else changed the record in the meantime.

## The block
block-registries = Digital Registries
block-registries-about = Registers designed without code: people, places, licences. Every change and every read of personal data is on record.

## What was done
action-registries-registry-draft = Changed a draft
action-registries-registry-publish = Published a version
action-registries-registry-details = Changed name or description
action-registries-registry-discard = Discarded a draft
action-registries-registry-delete = Deleted a register
action-registries-record-create = Created a record
action-registries-record-update = Changed a record
action-registries-record-delete = Deleted a record
action-registries-record-read = Read personal data
action-registries-usage-read = Asked who read a person’s data

## Uploads
registries-import-new-lead = A file with CSV, JSON or NDJSON, in UTF-8. First you see what was recognised; nothing is written before you confirm it.
registries-import-kept = Nothing is written yet. Say what is to be done with the file.
registries-import-runs = The file is being read. This page looks again by itself; you may leave it and come back.
registries-import-ended = The file was read to its end.
registries-import-failed = The file could not be read to its end.
registries-import-failed-do = What was written before stays. Importing the same file again changes only what is missing, where its rows have a key.
registries-import-found-lead = This is what the file seems to hold. Nothing is written before you confirm it.
registries-formulas = Take cells that look like formulas as plain text
registries-formulas-hint =
    { $count ->
        [one] One cell looks like a formula that a spreadsheet would run, on line { $lines }.
       *[other] { $count-text } cells look like formulas that a spreadsheet would run, on lines { $lines }.
    }
registries-formulas-wrong = Correct the cells in the file, or take them as plain text
problem-registries-upload-not-found = The file is not there any more: it was read, or nobody came back for it within a day.

## Purposes
registries-purpose-why = Why do you look at this data?
registries-purpose-lead = This register holds personal data. Your purpose is written down with each read, and the person concerned may see it.
registries-purpose-asked = The person asked for it
registries-purpose-law = A duty of my office
registries-purpose-correct = To correct or complete the data
registries-purpose-check = To check how the register is kept
registries-purpose-other = Another purpose
registries-purpose-words = In your own words, or the number of the case
registries-purpose-go = Go on
registries-purpose-change = Change
registries-purpose-missing = Choose why you look at this data
registries-purpose-words-missing = Enter the purpose in your own words

## Publishing over many records
registries-no-longer = no longer: { $rule }
registries-publish-duplicates = { $field }: records that are there share a value
problem-registries-publishing = A version of this register is being published. Wait until it is out.
problem-registries-breaks-new-rules = Records that are there break the new rules.
registries-publishing = Version { $version } is on its way
registries-publishing-refused = Version { $version } was refused: records that are there break its rules
