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
ui-search = Tafuta
ui-clear = Futa
ui-cancel = Ghairi
ui-copy = Nakili
ui-copied = Imenakiliwa
ui-nothing = Bado hakuna kitu hapa.
ui-pages = Kurasa
ui-previous = Iliyotangulia
ui-next = Inayofuata
ui-first = Wa kwanza
ui-last = Wa mwisho
ui-sort = Panga kwa
ui-paging = { $first-text } hadi { $last-text } kati ya { $total-text }
ui-paging-pages = { $first-text } hadi { $last-text } kati ya { $total-text }, ukurasa { $page-text } kati ya { $pages-text }
ui-rows =
    { $count ->
        [one] Safu { $count-text }
       *[other] Safu { $count-text }
    }
ui-again = Angalia tena
ui-progress = { $done-text } kati ya { $total-text }
ui-chart-summary = Thamani ya juu zaidi ni { $most }. Thamani zote zipo kwenye jedwali chini ya chati.
ui-chart-table = Takwimu katika jedwali
ui-chart-nothing = Bado hakuna cha kuonyesha.
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

# used: ui-problem-
# used: problem-
ui-banner-govstack = Wasifu wa GovStack: kwa majaribio ya ulinganifu na warsha tu. Data ya mfano; kila kitu hufutwa kinapoanzishwa tena.
ui-problem-code = Tatizo
ui-problem-detail = Kwa undani
ui-problem-back = Rudi kwenye ukurasa uliotangulia
ui-problem-unauthenticated = Ingia kwanza
ui-problem-unauthenticated-what = Hakuna aliyeingia.
ui-problem-unauthenticated-do = Ingia, kisha fungua ukurasa tena.
ui-problem-forbidden = Huruhusiwi kuona hili
ui-problem-forbidden-what = Jukumu lako haliruhusu hili.
ui-problem-forbidden-do = Mwombe msimamizi ruhusa iliyotajwa hapa chini, au ingia kwa jina lingine.
ui-problem-not-found = Hakuna kitu hapa
ui-problem-not-found-what = Ukurasa huu haupo, au haupo tena.
ui-problem-not-found-do = Angalia anwani, au anza tena kutoka kwenye koni.
ui-problem-busy = Kuna shughuli nyingi sasa
ui-problem-busy-what = Maombi ni mengi kuliko yanayoweza kujibiwa sasa.
ui-problem-busy-do = Subiri sekunde chache kisha ujaribu tena.
ui-problem-timeout = Hilo lilichukua muda mrefu mno
ui-problem-timeout-what = Kazi haikukamilika katika muda ambao ukurasa unao.
ui-problem-timeout-do = Huenda sehemu yake imefanyika. Angalia hali ya sasa kabla ya kurudia.
ui-problem-conflict = Mtu mwingine alitangulia
ui-problem-conflict-what = Ulichotaka kubadilisha hakiko tena kama ulivyokiona.
ui-problem-conflict-do = Rudi nyuma, angalia hali ya sasa, kisha fanya badiliko lako tena.
ui-problem-too-large = Ni kubwa mno
ui-problem-too-large-what = Kilichotumwa ni kikubwa kuliko ukurasa huu unavyopokea.
ui-problem-too-large-do = Tuma kidogo kwa wakati mmoja.
ui-problem-failed = Hitilafu imetokea
ui-problem-failed-what = Mfumo haukuweza kufanya hili.
ui-problem-failed-do = Jaribu tena baada ya muda mfupi. Ikitokea tena, mwambie mwendeshaji wakati na msimbo ulio hapa chini.
ui-problem-invalid = Ombi halikueleweka
ui-problem-invalid-what = Kilichotumwa hakina umbo linalotarajiwa.
ui-problem-invalid-do = Rudi nyuma na urekebishe kilichotajwa hapa chini.
problem-web-forged-request = Ukurasa ulikuwa wa zamani kuliko kuingia kwako, au ulitoka kwingine.
problem-web-key-not-found = Hakuna ufunguo kama huo.
problem-web-invalid-parameter = Anwani ya ukurasa haijakamilika, au ina thamani isiyowezekana.
problem-web-rate-limited = Umeomba kurasa nyingi kuliko zinazoruhusiwa kwa dakika.
problem-web-body-unreadable = Fomu au faili halikufika lote.
