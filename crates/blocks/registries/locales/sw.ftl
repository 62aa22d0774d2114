## Urambazaji na orodha
registries-title = Rejista
registries-nav = Rejista
registries-group = Data
registries-lead = Rejista hutunza rekodi za aina moja: watu, mahali, leseni. Muundo wake unasema rekodi ina sehemu zipi.
registries-none = Bado hakuna rejista.
registries-none-hint = Tengeneza moja, au leta faili: sehemu zake zitatambuliwa kwa ajili yako.
registries-new = Rejista mpya
registries-new-from-file = Rejista mpya kutoka faili
registries-name = Jina
registries-code = Msimbo mfupi
registries-code-hint = Herufi, tarakimu na vistari. Programu huutumia katika anwani. Hauwezi kubadilishwa baadaye.
registries-description = Maelezo
registries-description-hint = Rejista ina nini, kwa watu ambao hawajawahi kuiona.
registries-records = Rekodi
registries-version = Toleo
registries-state = Hali
registries-changed = Ilibadilishwa
registries-by = Na
registries-create = Tengeneza rejista
registries-created = Rejista imetengenezwa. Ongeza sehemu zake, kisha ichapishe.

## Hali
registries-state-draft = Rasimu
registries-state-published = Imechapishwa
registries-state-superseded = Imepitwa na toleo jipya
registries-state-has-draft = Ina mabadiliko ambayo hayajachapishwa

## Rejista moja
registries-overview = Muhtasari
registries-schema = Muundo
registries-changes = Mabadiliko
registries-reads = Usomaji
registries-statistics = Takwimu
registries-import = Leta
registries-export = Toa
registries-versions = Matoleo
registries-openapi = Maelezo ya API (OpenAPI)
registries-per-day = Rekodi zilizotengenezwa kwa siku
registries-day = Siku
registries-not-published = Rejista hii ni rasimu. Rekodi zinaweza kuingizwa ikishachapishwa.
registries-personal = Data binafsi
registries-personal-notice = Rejista hii ina data binafsi. Kila anayesoma rekodi huandikwa, na mhusika anaweza kuona.

## Rekodi
registries-search = Tafuta
registries-filter-field = Sehemu
registries-filter-any = Sehemu yoyote
registries-find = Tafuta
registries-no-records = Hakuna rekodi.
registries-no-matches = Hakuna rekodi inayolingana.
registries-no-matches-hint = Jaribu maneno machache au mengine, au onyesha rekodi zote.
registries-record = Rekodi
registries-record-title = Rekodi { $key }
registries-record-new = Rekodi mpya
registries-record-create = Tengeneza rekodi
registries-record-created = Rekodi imetengenezwa.
registries-record-edit = Hariri
registries-record-edit-title = Hariri rekodi { $key }
registries-record-save = Hifadhi mabadiliko
registries-record-saved = Mabadiliko yamehifadhiwa.
registries-record-delete = Futa
registries-record-delete-title = Futa rekodi hii?
registries-record-delete-text = Rekodi itaondoka kwenye orodha na utafutaji. Historia yake itabaki, na itasema nani aliifuta.
registries-record-deleted = Rekodi imefutwa.
registries-record-conflict = Mtu mwingine amebadilisha rekodi hii kwa sasa. Angalia thamani zilizopo, kisha fanya badiliko lako tena.
registries-record-actions = Vitendo
registries-fields = Sehemu
registries-empty = (tupu)
registries-yes = Ndiyo
registries-no = Hapana
registries-choose = Chagua
registries-created-at = Ilitengenezwa
registries-modified-at = Ilibadilishwa mwisho
registries-identifier = Kitambulisho

## Mabadiliko na usomaji
registries-change-log = Mabadiliko ya rekodi hii
registries-read-log = Nani alisoma rekodi hii
registries-when = Lini
registries-who = Nani
registries-what = Nini
registries-action-create = Imetengenezwa
registries-action-update = Imebadilishwa
registries-action-delete = Imefutwa
registries-hidden = (imefichwa: data binafsi)
registries-no-changes = Bado hakuna kilichobadilishwa.
registries-no-reads = Bado hakuna aliyesoma data binafsi hapa.
registries-purpose = Kusudi
registries-client = Shirika
registries-reads-lead = Kila mtu anaposoma data binafsi, mstari huandikwa hapa kabla jibu halijatolewa.
registries-changes-lead = Kila badiliko, pamoja na thamani za kabla na baada. Hakuna anayeweza kuondoa mstari bila kuonekana.

## Muundo
registries-schema-lead = Badilisha rasimu upendavyo. Hakuna kinachobadilika kwa yeyote hadi uichapishe.
registries-field = Sehemu
registries-field-name = Jina
registries-field-name-hint = Kama linavyoonekana kwenye fomu na kwenye API. Herufi, tarakimu, nafasi, _ na -.
registries-field-kind = Aina
registries-field-description = Maelezo
registries-field-description-hint = Huonyeshwa kando ya sehemu kwenye fomu.
registries-field-example = Mfano
registries-field-required = Lazima ijazwe
registries-field-unique = Rekodi mbili haziwezi kuwa na thamani sawa
registries-field-primary = Hutambulisha rekodi (ufunguo mkuu)
registries-field-read-only = Haiwezi kubadilishwa baada ya kutengenezwa
registries-field-personal = Data binafsi
registries-field-personal-id = Hutambulisha mtu mwenye data
registries-field-fulltext = Hupatikana kwa utafutaji
registries-field-min = Thamani au urefu mdogo kabisa
registries-field-max = Thamani au urefu mkubwa kabisa
registries-field-choices = Thamani za kuchagua
registries-field-choices-hint = Moja katika kila mstari. Acha tupu kuruhusu thamani yoyote.
registries-field-link = Huunganisha na rejista
registries-field-none = Hakuna
registries-field-rules = Kanuni
registries-field-add = Ongeza sehemu
registries-field-added = Sehemu imeongezwa kwenye rasimu.
registries-field-save = Hifadhi sehemu
registries-field-saved = Sehemu imehifadhiwa kwenye rasimu.
registries-field-remove = Ondoa
registries-field-remove-title = Ondoa sehemu { $field }?
registries-field-remove-text = Itaondoka kwenye toleo lijalo. Matoleo ya zamani bado yanaonyesha thamani zake.
registries-field-removed = Sehemu imeondolewa kwenye rasimu.
registries-field-up = Sogeza juu
registries-field-down = Sogeza chini
registries-no-fields = Rasimu bado haina sehemu.
registries-kind-text = Maandishi
registries-kind-integer = Namba kamili
registries-kind-number = Namba
registries-kind-boolean = Ndiyo au hapana
registries-kind-date = Tarehe
registries-kind-datetime = Tarehe na saa
registries-kind-time = Saa
registries-kind-list = Orodha
registries-publish = Chapisha
registries-publish-title = Chapisha toleo { $version }?
registries-publish-now = Chapisha toleo hili
registries-impact = Kuchapisha kunabadilisha nini
registries-impact-duplicates = Rekodi zinazoshiriki thamani inayopaswa kuwa ya pekee
registries-impact-misfits = Rekodi ambazo hazifai toleo jipya
registries-impact-none = Hakuna kinachobadilika kwa wanaotumia rejista leo.
registries-impact-breaking = { $count ->
    [one] Badiliko moja linaweza kuvuruga programu zinazotumia rejista. Zinaweza kubaki kwenye toleo la zamani.
   *[other] Mabadiliko { $count-text } yanaweza kuvuruga programu zinazotumia rejista. Zinaweza kubaki kwenye toleo la zamani.
}
registries-breaking = Linaweza kuvuruga programu
registries-harmless = Halina madhara
registries-no-draft = Hakuna cha kuchapisha: rasimu ni sawa na toleo lililochapishwa.

## Takwimu
registries-statistics-lead = Hesabu tu. Hakuna thamani ya rekodi yoyote inayoonyeshwa hapa.
registries-count = Idadi
registries-reads-per-day = Usomaji wa data binafsi kwa siku
registries-changes-per-day = Mabadiliko kwa siku

## Kuleta na kutoa
registries-import-lead = Faili za CSV, JSON au NDJSON, kwa UTF-8. Unaona kilichotambuliwa kabla ya chochote kuandikwa.
registries-import-file = Faili
registries-import-file-hint = Isizidi { $size }. Faili kubwa zaidi: tumia amri "stoa registry import".
registries-import-upload = Angalia faili
registries-import-found = Kilichotambuliwa
registries-import-rows = { $count ->
    [one] mstari { $count-text }
   *[other] mistari { $count-text }
}
registries-import-key = Ufunguo: hupata rekodi iliyopo tayari
registries-import-key-hint = Mstari ambao ufunguo wake upo tayari husasisha rekodi hiyo. Kuleta faili ileile mara mbili hakubadilishi chochote.
registries-import-start = Leta rekodi
registries-import-done = { $created-text } zimetengenezwa, { $updated-text } zimesasishwa, { $unchanged-text } hazikubadilika.
registries-import-faults = { $count ->
    [0] Faili haina kasoro.
    [one] Mstari mmoja unahitaji uangalizi wako.
   *[other] Mistari { $count-text } inahitaji uangalizi wako.
}
registries-import-refused = { $count ->
    [0] Hakuna mstari uliokataliwa.
    [one] Mstari mmoja umekataliwa; mingine imeletwa.
   *[other] Mistari { $count-text } imekataliwa; mingine imeletwa.
}
registries-import-line = Mstari
registries-import-fault = Kasoro
registries-import-examples = Mifano
registries-import-filled = Imejazwa
registries-import-try = Jaribu bila kuandika
registries-import-tried = Hili lilikuwa jaribio: hakuna kilichoandikwa.
registries-import-no-file = Chagua faili.
registries-export-lead = Rekodi zote unazoruhusiwa kuona.
registries-export-format = Muundo wa faili
registries-export-start = Pakua
registries-export-csv = CSV, kwa majedwali
registries-export-json = JSON
registries-export-ndjson = NDJSON, rekodi moja kila mstari

## Designer, forms and outcomes
registries-before-after = Kabla → baada
registries-bounds-wrong = Thamani kubwa zaidi ni ndogo kuliko iliyo ndogo zaidi
registries-change-added = Sehemu mpya
registries-change-loosened = Kanuni inaruhusu zaidi ya awali
registries-change-marked = Sehemu inashughulikiwa tofauti
registries-change-removed = Sehemu imeondolewa
registries-change-renamed = Sehemu imepewa jina jipya
registries-change-retyped = Aina nyingine
registries-change-tightened = Kanuni inakataa zaidi ya awali
registries-code-taken = Rejista nyingine ina msimbo huu
registries-code-wrong = Weka herufi 1 hadi 60 (A–Z), tarakimu au vistariungio, ukianza na herufi
registries-datetime-hint = Tarehe na saa pamoja na tofauti ya saa, kama 2026-11-24T09:30:00Z.
registries-delete = Futa rejista
registries-delete-text =
    { $count ->
        [0] Itatoweka kwenye orodha zote.
        [one] Itatoweka kwenye orodha zote, pamoja na rekodi yake.
       *[other] Itatoweka kwenye orodha zote, pamoja na rekodi zake { $count-text }.
    } Historia yake inabaki kwenye ushahidi.
registries-delete-title = Futa rejista { $name }?
registries-deleted = Rejista imefutwa.
registries-details = Jina na maelezo
registries-details-save = Hifadhi
registries-details-saved = Jina na maelezo yamehifadhiwa.
registries-effect = Athari
registries-example-hint = Kwa mfano: { $example }
registries-field-name-missing = Weka jina la sehemu
registries-field-name-taken = Sehemu nyingine ya rasimu ina jina hili
registries-field-pattern = Muundo
registries-field-pattern-hint = Usemi wa kawaida ambao maandishi yote lazima yalingane nao, kama [A-Z]{"{"}2{"}"}.
registries-field-refused = Sehemu haifai katika mpangilio
registries-institution = Taasisi
registries-list-hint = Moja katika kila mstari.
registries-name-missing = Weka jina
registries-number-wrong = Weka nambari, kama 10 au 2.5
registries-numbered-hint = Iache tupu ili kupata nambari inayofuata.
registries-page = Ukurasa { $number-text }
registries-pattern-wrong = Muundo huu hauwezi kutumika: { $reason }
registries-published-at = Ilichapishwa
registries-published-now = Toleo limechapishwa. Rekodi zinaweza kuwekwa.
registries-publishing-now = Rekodi zilizopo zinakaguliwa kwa toleo jipya. Litachapishwa mara tu ukaguzi utakapokamilika.
registries-read-log-kept = Weka kumbukumbu ya anayesoma data binafsi
registries-read-log-kept-hint = Zima hii pale tu sheria inaporuhusu.
registries-reason = Sababu
registries-record-present = Rekodi ilivyo sasa
registries-rule-choices = Chaguo
registries-rule-fulltext = Hutafutwa
registries-rule-linked = Imeunganishwa
registries-rule-pattern = Muundo
registries-rule-primary = Hutaja rekodi
registries-rule-read-only = Kusoma tu
registries-rule-required = Lazima
registries-rule-unique = Ya pekee
registries-schema-json = Mpangilio kama JSON
registries-time-hint = Kama 09:30.
registries-import-format = Kiambishi cha jina la faili hakionyeshi muundo: tumia .csv, .json au .ndjson
registries-create-import = Unda rejista na uingize
registries-more =
    { $count ->
        [one] na moja zaidi
       *[other] na { $count-text } zaidi
    }
