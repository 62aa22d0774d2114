# used: action-registries-
# used: registries-file-
# used: problem-registries-
# used: block-registries
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
registries-record-conflict = Mtu mwingine alibadilisha rekodi hii ulipokuwa umeifungua.
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
registries-all-entries = Onyesha maingizo yote
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
registries-field-read-only = Hujazwa na mfumo: hakuna anayeiandika au kuibadilisha
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
registries-field-up = Sogeza { $field } juu
registries-field-down = Sogeza { $field } chini
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
registries-import-lead = Faili la CSV, JSON au NDJSON, kwa UTF-8. Huangaliwa kwanza; hakuna kinachoandikwa kabla hujasema.
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
registries-pattern-wrong = Mchoro huu hauwezi kutumika:
registries-published-at = Ilichapishwa
registries-published-now = Toleo limechapishwa. Rekodi zinaweza kuwekwa.
registries-publishing-now = Rekodi zilizopo zinakaguliwa kwa toleo jipya. Litachapishwa mara tu ukaguzi utakapokamilika.
registries-read-log-kept = Weka kumbukumbu ya anayesoma data binafsi
registries-read-log-kept-hint = Zima hii pale tu sheria inaporuhusu.
registries-reason = Sababu
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

## Faults in words
registries-fault-required = Weka: { $field }
registries-fault-choose = Chagua kwenye orodha: { $field }
registries-fault-text = { $field }: panahitajika maandishi
registries-fault-number = { $field }: panahitajika nambari, kama 10 au 2.5
registries-fault-integer = { $field }: panahitajika nambari kamili, kama 10
registries-fault-date = { $field }: panahitajika tarehe halisi, siku, mwezi na mwaka, kama 24 11 2026
registries-fault-datetime = { $field }: panahitajika tarehe na saa pamoja na tofauti yake, kama 2026-11-24T09:30:00Z
registries-fault-time = { $field }: panahitajika saa ya siku, kama 09:30
registries-fault-list = { $field }: maandishi yasiyozidi 1000, moja kwa kila mstari
registries-fault-min = { $field } ni ndogo mno: weka { $bound } au zaidi
registries-fault-max = { $field } ni kubwa mno: weka { $bound } au chini yake
registries-fault-short = { $field } ni fupi mno. Herufi chache zaidi: { $bound }
registries-fault-long = { $field } ni ndefu mno. Herufi nyingi zaidi: { $bound }
registries-fault-large = { $field } ni ndefu kuliko sehemu inavyoweza kuwa
registries-fault-pattern = { $field } haina umbo ambalo rejista inataka:
registries-fault-example = { $field } haina umbo ambalo rejista inataka. Kwa mfano: { $example }
registries-fault-unique = Rekodi nyingine ina thamani ile ile: { $field }
registries-fault-foreign = { $field } haitaji rekodi yoyote ya rejista iliyounganishwa
registries-fault-read-only = { $field } hujazwa na mfumo na haiwezi kuandikwa
registries-fault-unknown = { $field } si sehemu ya rejista hii
registries-fault-format = { $field } ina herufi isiyoweza kuhifadhiwa
registries-fault-other = { $field } haiwezi kukubaliwa:

## Faults of files
registries-file-line = Mstari { $line-text }:
registries-file-column = Mstari { $line-text }, safu { $column-text }:
registries-file-unreadable = faili haiwezi kusomwa.
registries-file-empty = faili halina rekodi.
registries-file-not-utf8 = baiti ambayo si UTF-8. Hifadhi faili kama UTF-8 kisha ujaribu tena.
registries-file-quote-inside = alama ya nukuu ndani ya seli. Weka seli yote ndani ya nukuu na urudie alama.
registries-file-after-quote = maandishi baada ya nukuu ya kufunga. Nukuu ndani ya seli huandikwa mara mbili.
registries-file-open-quote = nukuu iliyofunguliwa hapa haifungwi kamwe.
registries-file-nameless-column = safu haina jina.
registries-file-duplicate-column = safu imerudiwa:
registries-file-too-many-columns = jedwali lina safu nyingi mno.
registries-file-ragged = mstari una idadi tofauti ya seli na kichwa.
registries-file-long-field = seli ni ndefu mno.
registries-file-long-record = rekodi ni ndefu mno.
registries-file-formula = jedwali lingetekeleza seli hii kama fomula.
registries-file-not-json = hii si JSON.
registries-file-not-records = rekodi zinatarajiwa hapa: orodha ya vitu, au kitu kimoja kwa kila mstari.
registries-file-wrong-type = thamani haifai aina ya sehemu.
registries-file-key-missing = ufunguo haupo.
registries-file-refused = rejista inakataa rekodi.

## Two people, one record
registries-conflict-do = Angalia fomu tena, kisha uihifadhi.
registries-conflict-taken = Alichobadilisha mtu mwingine, nawe hukubadilisha, tayari kiko kwenye fomu:
registries-conflict-both = Nyote mmebadilisha { $field }. Acha ulichoandika, au weka kilichomo kwenye rekodi sasa:
registries-entries =
    { $count ->
        [one] Ingizo { $count-text }
       *[other] Maingizo { $count-text }
    }
registries-too-long = Weka herufi zisizozidi { $count-text }

## More of the designer
registries-field-link-lost = { $register }: sehemu { $field } (haiwezi kuchaguliwa tena)
registries-field-title = Jina lake kwa watu: { $language }
registries-field-kind-show = Onyesha kanuni za aina hii
registries-field-shortest = Herufi chache zaidi
registries-field-longest = Herufi nyingi zaidi
registries-field-numbering = Hupewa nambari na rejista
registries-field-numbering-hint = Kiolezo chenye {"{"}indexNoByCode{"}"}; pia {"{"}code{"}"} na {"{"}yyyy{"}"}. Rekodi mpya zisizo na thamani hupata nambari inayofuata.
registries-numbering-wrong = Kiolezo kinahitaji {"{"}indexNoByCode{"}"}, kinachohesabu rekodi
registries-field-name-wrong = Weka jina la herufi 1 hadi 100
registries-field-example-wrong = Mfano haufai aina ya sehemu
registries-field-unfillable = Sehemu inayojazwa na mfumo pekee haiwezi kudaiwa kwa watu: ipe nambari, au ondoa moja ya kanuni mbili
registries-draft-late = Mtu mwingine amebadilisha rasimu kwa sasa.
registries-draft-late-do = Ulichoandika bado kiko hapa. Angalia muundo, kisha uhifadhi tena.
registries-preview = Ona fomu
registries-preview-lead = Hivi ndivyo fomu ya rasimu itakavyoonekana. Hakuna kinachotumwa kutoka hapa.
registries-discard = Tupa rasimu
registries-discard-title = Utupe rasimu?
registries-discard-text = Mabadiliko yote ambayo hayajachapishwa tangu toleo { $version } yatatoweka.
registries-discarded = Rasimu imetupwa.
registries-schema-change = Rudi kwenye muundo
registries-no-draft-do = Badilisha kwanza sehemu ya muundo; kisha athari ya kuchapisha itaonyeshwa hapa.
registries-impact-new = Hili ni toleo la kwanza. Rekodi zinaweza kuingizwa baada ya kulichapisha.
registries-impact-texts = Maandishi ya watu pekee ndiyo yanabadilika. Hakuna kanuni inayobadilika.
registries-impact-harmless = Hakuna badiliko linaloharibu programu zinazotumia rejista leo.
registries-schema-empty = Muundo unahitaji angalau sehemu moja

## Problems
problem-registries-registry-not-found = Hakuna rejista kama hiyo.
problem-registries-version-not-found = Rejista haina toleo kama hilo, au bado hakuna lililochapishwa.
problem-registries-field-not-found = Rejista haina sehemu kama hiyo.
problem-registries-record-not-found = Hakuna rekodi kama hiyo, au imefutwa.
problem-registries-code-taken = Rejista nyingine ina msimbo huu.
problem-registries-invalid-schema = Muundo unavunja kanuni.
problem-registries-invalid-record = Rekodi haifai muundo wake.
problem-registries-invalid-request = Anwani ya ukurasa ina kitu ambacho rejista haina.
problem-registries-not-unique = Rekodi nyingine ina thamani ile ile.
problem-registries-several-match = Rekodi kadhaa zinalingana ambapo moja inakusudiwa.
problem-registries-still-referred = Rekodi nyingine zinarejelea hii, hivyo inabaki.
problem-registries-no-draft = Hakuna rasimu ya kuchapisha.
problem-registries-draft-changed = Mtu mwingine amebadilisha rasimu kwa sasa.
problem-registries-record-changed = Mtu mwingine amebadilisha rekodi kwa sasa.

## The block
block-registries = Rejista za kidijitali
block-registries-about = Rejista zinazoundwa bila msimbo: watu, maeneo, leseni. Kila badiliko na kila usomaji wa data binafsi huwekwa kwenye kumbukumbu.

## What was done
action-registries-registry-draft = Alibadilisha rasimu
action-registries-registry-publish = Alichapisha toleo
action-registries-registry-details = Alibadilisha jina au maelezo
action-registries-registry-discard = Alitupa rasimu
action-registries-registry-delete = Alifuta rejista
action-registries-record-create = Aliunda rekodi
action-registries-record-update = Alibadilisha rekodi
action-registries-record-delete = Alifuta rekodi
action-registries-record-read = Alisoma data binafsi
action-registries-usage-read = Aliuliza nani alisoma data za mtu

## Uploads
registries-import-new-lead = Faili la CSV, JSON au NDJSON, kwa UTF-8. Kwanza unaona kilichotambuliwa; hakuna kinachoandikwa kabla ya kuthibitisha.
registries-import-kept = Bado hakuna kilichoandikwa. Sema kifanyike nini na faili.
registries-import-runs = Faili linasomwa. Ukurasa huu hujionyesha upya; unaweza kuondoka na kurudi.
registries-import-ended = Faili limesomwa hadi mwisho.
registries-import-failed = Faili halikuweza kusomwa hadi mwisho.
registries-import-failed-do = Kilichoandikwa awali kinabaki. Kuingiza faili lile lile tena hubadilisha kilichokosekana pekee, ikiwa mistari ina ufunguo.
registries-import-found-lead = Hiki ndicho faili linaonekana kuwa nacho. Hakuna kinachoandikwa kabla ya kuthibitisha.
registries-formulas = Chukua seli zinazofanana na fomula kama maandishi
registries-formulas-hint =
    { $count ->
        [one] Seli moja inafanana na fomula ambayo jedwali lingeitekeleza, mstari { $lines }.
       *[other] Seli { $count-text } zinafanana na fomula ambazo jedwali lingezitekeleza, mistari { $lines }.
    }
registries-formulas-wrong = Sahihisha seli kwenye faili, au zichukue kama maandishi
problem-registries-upload-not-found = Faili halipo tena: limesomwa, au hakuna aliyerudi kwa siku moja.

## Purposes
registries-purpose-why = Kwa nini unaangalia data hii?
registries-purpose-lead = Rejista hii ina data binafsi. Sababu yako huandikwa kila unaposoma, na mhusika anaweza kuiona.
registries-purpose-asked = Mhusika ameomba
registries-purpose-law = Wajibu wa ofisi yangu
registries-purpose-correct = Kusahihisha au kukamilisha data
registries-purpose-check = Kukagua jinsi rejista inavyotunzwa
registries-purpose-other = Sababu nyingine
registries-purpose-words = Kwa maneno yako, au nambari ya faili
registries-purpose-go = Endelea
registries-purpose-change = Badilisha
registries-purpose-missing = Chagua kwa nini unaangalia data hii
registries-purpose-words-missing = Weka sababu kwa maneno yako

## Publishing over many records
registries-no-longer = si tena: { $rule }
registries-publish-duplicates = { $field }: rekodi zilizopo zina thamani sawa
problem-registries-publishing = Toleo la rejista hii linachapishwa. Subiri hadi litoke.
problem-registries-breaks-new-rules = Rekodi zilizopo zinavunja kanuni mpya.
registries-publishing = Toleo { $version } linakuja
registries-publishing-refused = Toleo { $version } limekataliwa: rekodi zilizopo zinavunja kanuni zake
