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
ui-search = Search
ui-clear = Clear
ui-cancel = Cancel
ui-copy = Copy
ui-copied = Copied
ui-nothing = There is nothing here yet.
ui-pages = Pages
ui-previous = Previous
ui-next = Next
ui-first = First
ui-last = Last
ui-sort = Sort by
ui-paging = { $first-text } to { $last-text } of { $total-text }
ui-paging-pages = { $first-text } to { $last-text } of { $total-text }, page { $page-text } of { $pages-text }
ui-rows =
    { $count ->
        [one] { $count-text } row
       *[other] { $count-text } rows
    }
ui-again = Look again
ui-progress = { $done-text } of { $total-text }
ui-chart-summary = The highest value is { $most }. All values are in the table below the chart.
ui-chart-table = The figures as a table
ui-chart-nothing = Nothing to show yet.
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

# used: ui-problem-
# used: problem-
ui-banner-govstack = GovStack profile: for conformance tests and workshops only. Sample data; everything is wiped at the next start.
ui-problem-code = Problem
ui-problem-detail = In detail
ui-problem-back = Back to the page before
ui-problem-unauthenticated = Sign in first
ui-problem-unauthenticated-what = Nobody is signed in.
ui-problem-unauthenticated-do = Sign in, then open the page again.
ui-problem-forbidden = You may not see this
ui-problem-forbidden-what = Your role does not allow this.
ui-problem-forbidden-do = Ask an administrator for the permission that is named below, or sign in as somebody else.
ui-problem-not-found = There is nothing here
ui-problem-not-found-what = This page does not exist, or no longer does.
ui-problem-not-found-do = Check the address, or start again from the console.
ui-problem-busy = Busy at the moment
ui-problem-busy-what = More is asked than can be answered right now.
ui-problem-busy-do = Wait a few seconds and try again.
ui-problem-timeout = That took too long
ui-problem-timeout-what = The work was not finished in the time that a page has.
ui-problem-timeout-do = Some of it may have been done. Look at the present state before you do it again.
ui-problem-conflict = Somebody was faster
ui-problem-conflict-what = What you wanted to change is no longer as you saw it.
ui-problem-conflict-do = Go back, look at the present state, and make your change again.
ui-problem-too-large = That is too large
ui-problem-too-large-what = What was sent is larger than this page takes.
ui-problem-too-large-do = Send less at once.
ui-problem-failed = Something failed
ui-problem-failed-what = The system could not do this.
ui-problem-failed-do = Try again in a moment. If it happens again, tell the operator the time and the code below.
ui-problem-invalid = That could not be understood
ui-problem-invalid-what = What was sent does not have the expected form.
ui-problem-invalid-do = Go back and correct what is named below.
problem-web-forged-request = The page was older than your sign-in, or came from elsewhere.
problem-web-key-not-found = There is no such key.
problem-web-invalid-parameter = The address of the page is not complete, or holds a value that cannot be.
problem-web-rate-limited = You have asked for more pages than is allowed in a minute.
problem-web-body-unreadable = The form or file did not arrive whole.
