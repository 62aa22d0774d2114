ui-skip = Skip to the content
ui-menu = Menu
ui-navigation = Console
ui-breadcrumb = Where you are
ui-display = Language and colours
ui-language = Language
ui-theme = Colours
ui-theme-auto = As my system
ui-theme-light = Light
ui-theme-dark = Dark
ui-signed-in = Signed in as
ui-sign-out = Sign out
ui-footer = Digital public infrastructure, built by everyone for everyone.
ui-home = Home
ui-console = Console
ui-docs = API documents
ui-error = Error
ui-error-summary = There is a problem
ui-optional = optional
ui-date-day = Day
ui-date-month = Month
ui-date-year = Year
ui-filter = Show
ui-cancel = Cancel
ui-copy = Copy
ui-copied = Copied
ui-nothing = There is nothing here yet.
ui-pages = Pages
ui-previous = Previous
ui-next = Next
ui-paging = { $first-text } to { $last-text } of { $total-text }
ui-rows =
    { $count ->
        [one] { $count-text } row
       *[other] { $count-text } rows
    }
ui-progress = { $done-text } of { $total-text }
ui-chart-summary = The highest value is { $most }. All values are in the table below the chart.
ui-chart-table = The figures as a table
ui-ago = { $duration } ago
ui-in = in { $duration }
ui-duration-milliseconds = { $count-text } ms
ui-duration-seconds =
    { $count ->
        [one] { $count-text } second
       *[other] { $count-text } seconds
    }
ui-duration-minutes =
    { $count ->
        [one] { $count-text } minute
       *[other] { $count-text } minutes
    }
ui-duration-hours =
    { $count ->
        [one] { $count-text } hour
       *[other] { $count-text } hours
    }
ui-duration-days =
    { $count ->
        [one] { $count-text } day
       *[other] { $count-text } days
    }
ui-month-1 = January
ui-month-2 = February
ui-month-3 = March
ui-month-4 = April
ui-month-5 = May
ui-month-6 = June
ui-month-7 = July
ui-month-8 = August
ui-month-9 = September
ui-month-10 = October
ui-month-11 = November
ui-month-12 = December
