# used: action-registries-
# used: registries-file-
# used: problem-registries-
# used: block-registries
## التنقل والقوائم
registries-title = السجلات
registries-nav = السجلات
registries-group = البيانات
registries-lead = يضم السجل قيودًا من نوع واحد: أشخاصًا أو أماكن أو تراخيص. ويحدد مخططه الحقول التي يتكون منها كل قيد.
registries-none = لا توجد سجلات بعد.
registries-none-hint = أنشئ سجلًا، أو استورد ملفًا فتُعرف حقوله تلقائيًا.
registries-new = سجل جديد
registries-new-from-file = سجل جديد من ملف
registries-name = الاسم
registries-code = الرمز المختصر
registries-code-hint = حروف لاتينية وأرقام وشرطات. تستخدمه البرامج في العناوين، ولا يمكن تغييره لاحقًا.
registries-description = الوصف
registries-description-hint = ما يحتويه السجل، لمن لم يره من قبل.
registries-records = القيود
registries-version = الإصدار
registries-state = الحالة
registries-changed = آخر تغيير
registries-by = بواسطة
registries-create = إنشاء السجل
registries-created = أُنشئ السجل. أضف حقوله ثم انشره.

## الحالات
registries-state-draft = مسودة
registries-state-published = منشور
registries-state-superseded = حلّ محله إصدار أحدث
registries-state-has-draft = به تغييرات غير منشورة

## سجل واحد
registries-overview = نظرة عامة
registries-schema = المخطط
registries-changes = التغييرات
registries-reads = الاطلاعات
registries-statistics = الإحصاءات
registries-import = استيراد
registries-export = تصدير
registries-versions = الإصدارات
registries-openapi = وصف الواجهة البرمجية (OpenAPI)
registries-per-day = القيود المنشأة يوميًا
registries-day = اليوم
registries-not-published = هذا السجل مسودة. يمكن إدخال القيود بعد نشره.
registries-personal = بيانات شخصية
registries-personal-notice = يحتوي هذا السجل على بيانات شخصية. كل اطلاع على قيد يُسجَّل، ويحق للشخص المعني أن يراه.

## القيود
registries-search = بحث
registries-filter-field = الحقل
registries-filter-any = أي حقل
registries-find = ابحث
registries-no-records = لا توجد قيود.
registries-no-matches = لا يوجد قيد مطابق.
registries-no-matches-hint = جرّب كلمات أقل أو كلمات أخرى، أو اعرض جميع القيود.
registries-record = قيد
registries-record-title = القيد { $key }
registries-record-new = قيد جديد
registries-record-create = إنشاء القيد
registries-record-created = أُنشئ القيد.
registries-record-edit = تعديل
registries-record-edit-title = تعديل القيد { $key }
registries-record-save = حفظ التغييرات
registries-record-saved = حُفظت التغييرات.
registries-record-delete = حذف
registries-record-delete-title = هل تريد حذف هذا القيد؟
registries-record-delete-text = يختفي القيد من القوائم ومن نتائج البحث. ويبقى تاريخه، وفيه من قام بحذفه.
registries-record-deleted = حُذف القيد.
registries-record-conflict = غيّر شخص آخر هذا القيد أثناء فتحك له.
registries-record-actions = الإجراءات
registries-fields = الحقول
registries-empty = (فارغ)
registries-yes = نعم
registries-no = لا
registries-choose = اختر
registries-created-at = تاريخ الإنشاء
registries-modified-at = آخر تغيير
registries-identifier = المعرّف

## التغييرات والاطلاعات
registries-change-log = تغييرات هذا القيد
registries-read-log = من اطّلع على هذا القيد
registries-all-entries = عرض كل الإدخالات
registries-when = متى
registries-who = من
registries-what = ماذا
registries-action-create = إنشاء
registries-action-update = تغيير
registries-action-delete = حذف
registries-hidden = (محجوب: بيانات شخصية)
registries-no-changes = لم يتغير شيء بعد.
registries-no-reads = لم يطّلع أحد على بيانات شخصية هنا بعد.
registries-purpose = الغرض
registries-client = المؤسسة
registries-reads-lead = كلما اطّلع أحد على بيانات شخصية، يُكتب سطر هنا قبل تقديم الجواب.
registries-changes-lead = كل تغيير بقيمته قبله وبعده. ولا يستطيع أحد إزالة سطر دون أن يظهر ذلك.

## المخطط
registries-schema-lead = غيّر المسودة كما تشاء. لا يتغير شيء لأحد حتى تنشرها.
registries-field = الحقل
registries-field-name = الاسم
registries-field-name-hint = كما يظهر في النماذج وفي الواجهة البرمجية. حروف وأرقام ومسافات و _ و -.
registries-field-kind = النوع
registries-field-description = الوصف
registries-field-description-hint = يظهر بجانب الحقل في النماذج.
registries-field-example = مثال
registries-field-required = يجب ملؤه
registries-field-unique = لا يجوز أن يحمل قيدان القيمة نفسها
registries-field-primary = يحدد القيد (المفتاح الأساسي)
registries-field-read-only = يملؤه النظام: لا أحد يدخله أو يغيّره
registries-field-personal = بيانات شخصية
registries-field-personal-id = يعرّف الشخص صاحب البيانات
registries-field-fulltext = يشمله البحث
registries-field-min = أصغر قيمة أو طول
registries-field-max = أكبر قيمة أو طول
registries-field-choices = القيم المتاحة للاختيار
registries-field-choices-hint = قيمة في كل سطر. اتركه فارغًا للسماح بأي قيمة.
registries-field-link = يرتبط بالسجل
registries-field-none = لا شيء
registries-field-rules = القواعد
registries-field-add = إضافة حقل
registries-field-added = أُضيف الحقل إلى المسودة.
registries-field-save = حفظ الحقل
registries-field-saved = حُفظ الحقل في المسودة.
registries-field-remove = إزالة
registries-field-remove-title = هل تريد إزالة الحقل { $field }؟
registries-field-remove-text = يختفي من الإصدار القادم. وتظل الإصدارات الأقدم تعرض قيمه.
registries-field-removed = أُزيل الحقل من المسودة.
registries-field-up = نقل { $field } إلى أعلى
registries-field-down = نقل { $field } إلى أسفل
registries-no-fields = لا حقول في المسودة بعد.
registries-kind-text = نص
registries-kind-integer = عدد صحيح
registries-kind-number = عدد
registries-kind-boolean = نعم أو لا
registries-kind-date = تاريخ
registries-kind-datetime = تاريخ ووقت
registries-kind-time = وقت
registries-kind-list = قائمة
registries-publish = نشر
registries-publish-title = هل تريد نشر الإصدار { $version }؟
registries-publish-now = نشر هذا الإصدار
registries-impact = ما الذي يغيره النشر
registries-impact-duplicates = قيود تشترك في قيمة يجب أن تكون فريدة
registries-impact-misfits = قيود لا تناسب الإصدار الجديد
registries-impact-breaking = { $count ->
    [one] قد يعطّل تغيير واحد برامج تستخدم السجل. ويمكنها البقاء على الإصدار القديم.
    [two] قد يعطّل تغييران برامج تستخدم السجل. ويمكنها البقاء على الإصدار القديم.
    [few] قد تعطّل { $count-text } تغييرات برامج تستخدم السجل. ويمكنها البقاء على الإصدار القديم.
   *[other] قد يعطّل { $count-text } تغييرًا برامج تستخدم السجل. ويمكنها البقاء على الإصدار القديم.
}
registries-breaking = قد يعطّل برامج
registries-harmless = لا ضرر فيه
registries-no-draft = لا يوجد ما يُنشر: المسودة مطابقة للإصدار المنشور.

## الإحصاءات
registries-statistics-lead = أعداد فقط. لا تظهر هنا أي قيمة من أي قيد.
registries-count = العدد
registries-reads-per-day = الاطلاعات على البيانات الشخصية يوميًا
registries-changes-per-day = التغييرات يوميًا

## الاستيراد والتصدير
registries-import-lead = ملف CSV أو JSON أو NDJSON بترميز UTF-8. يُفحص أولاً ولا يُكتب شيء قبل موافقتك.
registries-import-file = الملف
registries-import-file-hint = { $size } على الأكثر. للملفات الأكبر استخدم الأمر "stoa registry import".
registries-import-upload = فحص الملف
registries-import-found = ما تم التعرف عليه
registries-import-rows = { $count ->
    [zero] لا أسطر
    [one] سطر واحد
    [two] سطران
    [few] { $count-text } أسطر
    [many] { $count-text } سطرًا
   *[other] { $count-text } سطر
}
registries-import-key = المفتاح: يجد القيد الموجود مسبقًا
registries-import-key-hint = السطر الذي يوجد مفتاحه مسبقًا يحدّث ذلك القيد. واستيراد الملف نفسه مرتين لا يغير شيئًا.
registries-import-start = استيراد القيود
registries-import-done = أُنشئ: { $created-text }، حُدّث: { $updated-text }، بلا تغيير: { $unchanged-text }.
registries-import-faults = { $count ->
    [zero] لا عيب في الملف.
    [one] سطر واحد يحتاج إلى انتباهك.
    [two] سطران يحتاجان إلى انتباهك.
    [few] { $count-text } أسطر تحتاج إلى انتباهك.
   *[other] { $count-text } سطرًا يحتاج إلى انتباهك.
}
registries-import-refused = { $count ->
    [zero] لم يُرفض أي سطر.
    [one] رُفض سطر واحد، واستُورد الباقي.
    [two] رُفض سطران، واستُورد الباقي.
    [few] رُفضت { $count-text } أسطر، واستُورد الباقي.
   *[other] رُفض { $count-text } سطرًا، واستُورد الباقي.
}
registries-import-line = السطر
registries-import-fault = العيب
registries-import-examples = أمثلة
registries-import-filled = مملوء
registries-import-try = جرّب دون كتابة
registries-import-tried = كانت هذه تجربة: لم يُكتب شيء.
registries-import-no-file = اختر ملفًا.
registries-export-lead = جميع القيود التي يحق لك رؤيتها.
registries-export-format = الصيغة
registries-export-start = تنزيل
registries-export-csv = CSV لبرامج الجداول
registries-export-json = JSON
registries-export-ndjson = NDJSON، قيد في كل سطر

## Designer, forms and outcomes
registries-before-after = قبل ← بعد
registries-bounds-wrong = القيمة الكبرى أصغر من القيمة الصغرى
registries-change-added = حقل جديد
registries-change-loosened = قاعدة تسمح بأكثر من قبل
registries-change-marked = يُعامَل الحقل معاملةً أخرى
registries-change-removed = حُذف الحقل
registries-change-renamed = أُعيدت تسمية الحقل
registries-change-retyped = نوع آخر
registries-change-tightened = قاعدة ترفض أكثر من قبل
registries-code-taken = هذا الرمز لسجل آخر
registries-code-wrong = أدخل من 1 إلى 60 حرفاً لاتينياً أو رقماً أو واصلة، على أن تبدأ بحرف
registries-datetime-hint = التاريخ والوقت مع فرق التوقيت، مثل 2026-11-24T09:30:00Z.
registries-delete = حذف السجل
registries-delete-text =
    { $count ->
        [0] سيختفي من جميع القوائم.
       *[other] سيختفي من جميع القوائم مع قيوده (العدد: { $count-text }).
    } ويبقى تاريخه في سجل الأدلة.
registries-delete-title = حذف السجل { $name }؟
registries-deleted = حُذف السجل.
registries-details = الاسم والوصف
registries-details-save = حفظ
registries-details-saved = حُفظ الاسم والوصف.
registries-effect = الأثر
registries-example-hint = مثال: { $example }
registries-field-name-missing = أدخل اسم الحقل
registries-field-name-taken = حقل آخر في المسودة يحمل هذا الاسم
registries-field-pattern = النمط
registries-field-pattern-hint = تعبير نمطي يجب أن يطابقه النص كله، مثل [A-Z]{"{"}2{"}"}.
registries-field-refused = الحقل لا يناسب المخطط
registries-institution = المؤسسة
registries-list-hint = واحد في كل سطر.
registries-name-missing = أدخل اسماً
registries-number-wrong = أدخل رقماً، مثل 10 أو 2.5
registries-numbered-hint = اتركه فارغاً للحصول على الرقم التالي.
registries-page = الصفحة { $number-text }
registries-pattern-wrong = لا يمكن استخدام هذا النمط:
registries-published-at = تاريخ النشر
registries-published-now = نُشر الإصدار. يمكن إدخال القيود.
registries-publishing-now = يجري التحقق من القيود الموجودة للإصدار الجديد، وسيُنشر حالما يتم ذلك.
registries-read-log-kept = تسجيل من يقرأ البيانات الشخصية
registries-read-log-kept-hint = لا تعطّله إلا إذا سمح القانون بذلك.
registries-reason = السبب
registries-rule-choices = اختيار
registries-rule-fulltext = مشمول بالبحث
registries-rule-linked = مرتبط
registries-rule-pattern = نمط
registries-rule-primary = يسمّي القيد
registries-rule-read-only = للقراءة فقط
registries-rule-required = إلزامي
registries-rule-unique = فريد
registries-schema-json = المخطط بصيغة JSON
registries-time-hint = مثل 09:30.
registries-import-format = لا يدل امتداد الملف على صيغة: استخدم ‎.csv أو ‎.json أو ‎.ndjson
registries-create-import = إنشاء السجل والاستيراد
registries-more =
    { $count ->
        [one] وقيمة أخرى
        [two] وقيمتان أخريان
        [few] و{ $count-text } قيم أخرى
       *[other] و{ $count-text } قيمة أخرى
    }

## Faults in words
registries-fault-required = أدخل: { $field }
registries-fault-choose = اختر من القائمة: { $field }
registries-fault-text = { $field }: المطلوب نص
registries-fault-number = { $field }: المطلوب رقم، مثل 10 أو 2.5
registries-fault-integer = { $field }: المطلوب عدد صحيح، مثل 10
registries-fault-date = { $field }: المطلوب تاريخ صحيح، يوم وشهر وسنة، مثل 24 11 2026
registries-fault-datetime = { $field }: المطلوب تاريخ ووقت مع فارق التوقيت، مثل 2026-11-24T09:30:00Z
registries-fault-time = { $field }: المطلوب وقت من اليوم، مثل 09:30
registries-fault-list = { $field }: ألف نص على الأكثر، واحد في كل سطر
registries-fault-min = { $field } أصغر من المسموح: أدخل { $bound } أو أكثر
registries-fault-max = { $field } أكبر من المسموح: أدخل { $bound } أو أقل
registries-fault-short = { $field } قصير جدًا. أقل عدد من الأحرف: { $bound }
registries-fault-long = { $field } طويل جدًا. أكثر عدد من الأحرف: { $bound }
registries-fault-large = { $field } أطول مما يتسع له الحقل
registries-fault-pattern = { $field } ليس بالشكل الذي يطلبه السجل:
registries-fault-example = { $field } ليس بالشكل الذي يطلبه السجل. مثال: { $example }
registries-fault-unique = قيد آخر له القيمة نفسها: { $field }
registries-fault-foreign = { $field } لا يدل على أي قيد في السجل المرتبط
registries-fault-read-only = { $field } يملؤه النظام ولا يمكن إدخاله
registries-fault-unknown = { $field } ليس حقلاً في هذا السجل
registries-fault-format = { $field } فيه حرف لا يمكن حفظه
registries-fault-other = { $field } لا يمكن قبوله:

## Faults of files
registries-file-line = السطر { $line-text }:
registries-file-column = السطر { $line-text }، العمود { $column-text }:
registries-file-unreadable = تعذّرت قراءة الملف.
registries-file-empty = الملف لا يحتوي على قيود.
registries-file-not-utf8 = بايت ليس بترميز UTF-8. احفظ الملف بترميز UTF-8 ثم أعد المحاولة.
registries-file-quote-inside = علامة اقتباس داخل خلية. ضع الخلية كلها بين علامتي اقتباس وكرّر العلامة.
registries-file-after-quote = نص بعد علامة الإغلاق. تُكتب علامة الاقتباس داخل الخلية مرتين.
registries-file-open-quote = علامة الاقتباس المفتوحة هنا لا تُغلق أبدًا.
registries-file-nameless-column = عمود بلا اسم.
registries-file-duplicate-column = عمود مكرر:
registries-file-too-many-columns = في الجدول أعمدة أكثر من اللازم.
registries-file-ragged = عدد خلايا الصف يختلف عن عدد خلايا الرأس.
registries-file-long-field = خلية طويلة جدًا.
registries-file-long-record = قيد طويل جدًا.
registries-file-formula = قد ينفذ برنامج الجداول هذه الخلية كمعادلة.
registries-file-not-json = هذا ليس JSON.
registries-file-not-records = المتوقع هنا قيود: مصفوفة كائنات، أو كائن في كل سطر.
registries-file-wrong-type = القيمة لا تناسب نوع الحقل.
registries-file-key-missing = المفتاح مفقود.
registries-file-refused = السجل يرفض هذا القيد.

## Two people, one record
registries-conflict-do = انظر إلى النموذج مرة أخرى ثم احفظه.
registries-conflict-taken = ما غيّره الشخص الآخر ولم تغيّره أنت موجود في النموذج:
registries-conflict-both = غيّر كلاكما { $field }. أبقِ ما كتبته، أو أدخل القيمة الحالية في القيد:
registries-entries =
    { $count ->
        [zero] لا عناصر
        [one] عنصر واحد
        [two] عنصران
        [few] { $count-text } عناصر
        [many] { $count-text } عنصرًا
       *[other] { $count-text } عنصر
    }
registries-too-long = أدخل { $count-text } حرف على الأكثر

## More of the designer
registries-field-link-lost = { $register }: الحقل { $field } (لم يعد متاحًا للاختيار)
registries-field-title = اسمه عند الناس: { $language }
registries-field-kind-show = اعرض قواعد هذا النوع
registries-field-shortest = أقل عدد من الأحرف
registries-field-longest = أكثر عدد من الأحرف
registries-field-numbering = يرقّمه السجل
registries-field-numbering-hint = قالب فيه {"{"}indexNoByCode{"}"}، ويمكن أيضًا {"{"}code{"}"} و{"{"}yyyy{"}"}. تحصل القيود الجديدة بلا قيمة على الرقم التالي.
registries-numbering-wrong = يجب أن يحتوي القالب على {"{"}indexNoByCode{"}"} الذي يعدّ القيود
registries-field-name-wrong = أدخل اسمًا من حرف إلى 100 حرف
registries-field-example-wrong = المثال لا يناسب نوع الحقل
registries-field-unfillable = الحقل الذي يملؤه النظام وحده لا يمكن أن يُطلب من الناس: رقّمه، أو أزل إحدى القاعدتين
registries-draft-late = غيّر شخص آخر المسودة في هذه الأثناء.
registries-draft-late-do = ما كتبته ما زال هنا. انظر إلى المخطط ثم احفظ مرة أخرى.
registries-preview = عرض النموذج
registries-preview-lead = هكذا سيبدو نموذج المسودة. لا يُرسل شيء من هنا.
registries-discard = تجاهل المسودة
registries-discard-title = هل تريد تجاهل المسودة؟
registries-discard-text = تزول كل التغييرات غير المنشورة منذ الإصدار { $version }.
registries-discarded = جرى تجاهل المسودة.
registries-schema-change = العودة إلى المخطط
registries-no-draft-do = غيّر أولاً حقلاً في المخطط؛ عندها يظهر هنا ما سيغيّره النشر.
registries-impact-new = هذا أول إصدار. يمكن إدخال القيود بعد نشره.
registries-impact-texts = تتغير نصوص للناس فقط، ولا تتغير أي قاعدة.
registries-impact-harmless = لا يعطّل أي من هذه التغييرات البرامج التي تستخدم السجل اليوم.
registries-schema-empty = يحتاج المخطط إلى حقل واحد على الأقل

## Problems
problem-registries-registry-not-found = لا يوجد سجل كهذا.
problem-registries-version-not-found = ليس للسجل إصدار كهذا، أو لم يُنشر أي إصدار بعد.
problem-registries-field-not-found = ليس في السجل حقل كهذا.
problem-registries-record-not-found = لا يوجد قيد كهذا، أو أنه حُذف.
problem-registries-code-taken = هذا الرمز لسجل آخر.
problem-registries-invalid-schema = المخطط يخالف قاعدة.
problem-registries-invalid-record = القيد لا يوافق مخططه.
problem-registries-invalid-request = في عنوان الصفحة شيء ليس في السجل.
problem-registries-not-unique = لقيد آخر القيمة نفسها.
problem-registries-several-match = تطابقت عدة قيود والمقصود واحد.
problem-registries-still-referred = تشير قيود أخرى إلى هذا القيد، لذا يبقى.
problem-registries-no-draft = لا توجد مسودة للنشر.
problem-registries-draft-changed = غيّر شخص آخر المسودة في هذه الأثناء.
problem-registries-record-changed = غيّر شخص آخر القيد في هذه الأثناء.

## The block
block-registries = السجلات الرقمية
block-registries-about = سجلات تُصمَّم دون برمجة: أشخاص وأماكن وتراخيص. كل تغيير وكل قراءة لبيانات شخصية مسجّلان.

## What was done
action-registries-registry-draft = غيّر مسودة
action-registries-registry-publish = نشر إصدارًا
action-registries-registry-details = غيّر الاسم أو الوصف
action-registries-registry-discard = تجاهل مسودة
action-registries-registry-delete = حذف سجلاً
action-registries-record-create = أنشأ قيدًا
action-registries-record-update = غيّر قيدًا
action-registries-record-delete = حذف قيدًا
action-registries-record-read = قرأ بيانات شخصية
action-registries-usage-read = سأل عمّن قرأ بيانات شخص

## Uploads
registries-import-new-lead = ملف CSV أو JSON أو NDJSON بترميز UTF-8. ترى أولاً ما جرى التعرف عليه، ولا يُكتب شيء قبل أن تؤكده.
registries-import-kept = لم يُكتب شيء بعد. حدّد ما تريد فعله بالملف.
registries-import-runs = تجري قراءة الملف. تتجدد هذه الصفحة من نفسها، ويمكنك مغادرتها والعودة إليها.
registries-import-ended = قُرئ الملف حتى نهايته.
registries-import-failed = تعذّرت قراءة الملف حتى نهايته.
registries-import-failed-do = يبقى ما كُتب قبل ذلك. إعادة استيراد الملف نفسه تضيف الناقص فقط إن كان لصفوفه مفتاح.
registries-import-found-lead = هذا ما يبدو أن الملف يحتويه. لا يُكتب شيء قبل أن تؤكده.
registries-formulas = اعتبر الخلايا التي تشبه المعادلات نصًا عاديًا
registries-formulas-hint =
    { $count ->
        [zero] لا خلايا تشبه المعادلات: { $lines }.
        [one] خلية واحدة تشبه معادلة ينفذها برنامج الجداول، في السطر { $lines }.
        [two] خليتان تشبهان معادلتين ينفذهما برنامج الجداول، في السطرين { $lines }.
        [few] { $count-text } خلايا تشبه معادلات ينفذها برنامج الجداول، في الأسطر { $lines }.
        [many] { $count-text } خلية تشبه معادلات ينفذها برنامج الجداول، في الأسطر { $lines }.
       *[other] { $count-text } خلية تشبه معادلات ينفذها برنامج الجداول، في الأسطر { $lines }.
    }
registries-formulas-wrong = صحّح الخلايا في الملف، أو اعتبرها نصًا عاديًا
problem-registries-upload-not-found = لم يعد الملف موجودًا: قُرئ، أو لم يعد إليه أحد خلال يوم.

## Purposes
registries-purpose-why = لماذا تطّلع على هذه البيانات؟
registries-purpose-lead = يحتوي هذا السجل على بيانات شخصية. يُدوَّن غرضك مع كل اطلاع، ويمكن لصاحب البيانات أن يراه.
registries-purpose-asked = طلب صاحب الشأن ذلك
registries-purpose-law = واجب من واجبات وظيفتي
registries-purpose-correct = لتصحيح البيانات أو استكمالها
registries-purpose-check = للتحقق من مسك السجل
registries-purpose-other = غرض آخر
registries-purpose-words = بكلماتك، أو رقم الملف
registries-purpose-go = متابعة
registries-purpose-change = تغيير
registries-purpose-missing = اختر لماذا تطّلع على هذه البيانات
registries-purpose-words-missing = أدخل الغرض بكلماتك

## Publishing over many records
registries-no-longer = لم يعد: { $rule }
registries-publish-duplicates = { $field }: قيود موجودة تشترك في قيمة
problem-registries-publishing = يجري نشر إصدار من هذا السجل. انتظر حتى يصدر.
problem-registries-breaks-new-rules = قيود موجودة تخالف القواعد الجديدة.
registries-publishing = الإصدار { $version } في الطريق
registries-publishing-refused = رُفض الإصدار { $version }: قيود موجودة تخالف قواعده
