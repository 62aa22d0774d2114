ui-skip = Nenda kwenye maudhui
ui-menu = Menyu
ui-navigation = Dawati la usimamizi
ui-breadcrumb = Mahali ulipo
ui-display = Lugha na rangi
ui-language = Lugha
ui-theme = Rangi
ui-theme-auto = Kama mfumo wangu
ui-theme-light = Angavu
ui-theme-dark = Giza
ui-signed-in = Umeingia kama
ui-sign-out = Ondoka
ui-footer = Miundombinu ya kidijitali ya umma, iliyojengwa na wote kwa ajili ya wote.
ui-home = Mwanzo
ui-console = Dawati la usimamizi
ui-docs = Nyaraka za API
ui-error = Kosa
ui-error-summary = Kuna tatizo
ui-optional = si lazima
ui-date-day = Siku
ui-date-month = Mwezi
ui-date-year = Mwaka
ui-filter = Onyesha
ui-cancel = Ghairi
ui-copy = Nakili
ui-copied = Imenakiliwa
ui-nothing = Bado hakuna kitu hapa.
ui-pages = Kurasa
ui-previous = Iliyotangulia
ui-next = Inayofuata
ui-paging = { $first-text } hadi { $last-text } kati ya { $total-text }
ui-rows =
    { $count ->
        [one] Safu { $count-text }
       *[other] Safu { $count-text }
    }
ui-progress = { $done-text } kati ya { $total-text }
ui-chart-summary = Thamani ya juu zaidi ni { $most }. Thamani zote zipo kwenye jedwali chini ya chati.
ui-chart-table = Takwimu katika jedwali
ui-ago = { $duration } zilizopita
ui-in = baada ya { $duration }
ui-duration-milliseconds = ms { $count-text }
ui-duration-seconds =
    { $count ->
        [one] sekunde { $count-text }
       *[other] sekunde { $count-text }
    }
ui-duration-minutes =
    { $count ->
        [one] dakika { $count-text }
       *[other] dakika { $count-text }
    }
ui-duration-hours =
    { $count ->
        [one] saa { $count-text }
       *[other] saa { $count-text }
    }
ui-duration-days =
    { $count ->
        [one] siku { $count-text }
       *[other] siku { $count-text }
    }
ui-month-1 = Januari
ui-month-2 = Februari
ui-month-3 = Machi
ui-month-4 = Aprili
ui-month-5 = Mei
ui-month-6 = Juni
ui-month-7 = Julai
ui-month-8 = Agosti
ui-month-9 = Septemba
ui-month-10 = Oktoba
ui-month-11 = Novemba
ui-month-12 = Desemba
