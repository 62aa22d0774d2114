ui-skip = انتقل إلى المحتوى
ui-menu = القائمة
ui-navigation = لوحة التحكم
ui-breadcrumb = مكانك الحالي
ui-display = اللغة والألوان
ui-language = اللغة
ui-theme = الألوان
ui-theme-auto = حسب إعداد جهازي
ui-theme-light = فاتح
ui-theme-dark = داكن
ui-signed-in = سُجّل الدخول باسم
ui-sign-out = تسجيل الخروج
ui-footer = بنية تحتية رقمية عامة، يبنيها الجميع من أجل الجميع.
ui-home = الصفحة الرئيسية
ui-console = لوحة التحكم
ui-docs = وثائق واجهات البرمجة
ui-error = خطأ
ui-error-summary = حدثت مشكلة
ui-optional = اختياري
ui-date-day = اليوم
ui-date-month = الشهر
ui-date-year = السنة
ui-filter = اعرض
ui-search = بحث
ui-clear = مسح
ui-cancel = إلغاء
ui-copy = نسخ
ui-copied = تم النسخ
ui-nothing = لا يوجد شيء هنا بعد.
ui-pages = الصفحات
ui-previous = السابق
ui-next = التالي
ui-first = الأولى
ui-last = الأخيرة
ui-sort = الترتيب حسب
ui-paging = { $first-text } إلى { $last-text } من أصل { $total-text }
ui-paging-pages = { $first-text } إلى { $last-text } من أصل { $total-text }، الصفحة { $page-text } من { $pages-text }
ui-rows =
    { $count ->
        [zero] لا صفوف
        [one] صف واحد
        [two] صفان
        [few] { $count-text } صفوف
        [many] { $count-text } صفًا
       *[other] { $count-text } صف
    }
ui-again = انظر مجددًا
ui-progress = { $done-text } من أصل { $total-text }
ui-chart-summary = أعلى قيمة هي { $most }. جميع القيم في الجدول أسفل الرسم البياني.
ui-chart-table = الأرقام في جدول
ui-chart-nothing = لا شيء يُعرض بعد.
ui-ago = منذ { $duration }
ui-in = بعد { $duration }
ui-duration-milliseconds = { $count-text } م‌ث
ui-duration-seconds =
    { $count ->
        [zero] أقل من ثانية
        [one] ثانية واحدة
        [two] ثانيتين
        [few] { $count-text } ثوانٍ
        [many] { $count-text } ثانية
       *[other] { $count-text } ثانية
    }
ui-duration-minutes =
    { $count ->
        [zero] أقل من دقيقة
        [one] دقيقة واحدة
        [two] دقيقتين
        [few] { $count-text } دقائق
        [many] { $count-text } دقيقة
       *[other] { $count-text } دقيقة
    }
ui-duration-hours =
    { $count ->
        [zero] أقل من ساعة
        [one] ساعة واحدة
        [two] ساعتين
        [few] { $count-text } ساعات
        [many] { $count-text } ساعة
       *[other] { $count-text } ساعة
    }
ui-duration-days =
    { $count ->
        [zero] أقل من يوم
        [one] يوم واحد
        [two] يومين
        [few] { $count-text } أيام
        [many] { $count-text } يومًا
       *[other] { $count-text } يوم
    }
ui-month-1 = يناير
ui-month-2 = فبراير
ui-month-3 = مارس
ui-month-4 = أبريل
ui-month-5 = مايو
ui-month-6 = يونيو
ui-month-7 = يوليو
ui-month-8 = أغسطس
ui-month-9 = سبتمبر
ui-month-10 = أكتوبر
ui-month-11 = نوفمبر
ui-month-12 = ديسمبر

# used: ui-problem-
# used: problem-
ui-banner-govstack = ملف GovStack: لاختبارات المطابقة وورش العمل فقط. بيانات نموذجية، ويُمحى كل شيء عند التشغيل التالي.
ui-problem-code = المشكلة
ui-problem-detail = بالتفصيل
ui-problem-back = العودة إلى الصفحة السابقة
ui-problem-unauthenticated = سجّل الدخول أولاً
ui-problem-unauthenticated-what = لم يسجّل أحد الدخول.
ui-problem-unauthenticated-do = سجّل الدخول ثم افتح الصفحة مرة أخرى.
ui-problem-forbidden = لا يُسمح لك برؤية هذا
ui-problem-forbidden-what = دورك لا يسمح بذلك.
ui-problem-forbidden-do = اطلب من المسؤول الإذن المذكور أدناه، أو سجّل الدخول باسم آخر.
ui-problem-not-found = لا يوجد شيء هنا
ui-problem-not-found-what = هذه الصفحة غير موجودة أو لم تعد موجودة.
ui-problem-not-found-do = تحقق من العنوان، أو ابدأ من لوحة التحكم.
ui-problem-busy = النظام مشغول الآن
ui-problem-busy-what = الطلبات أكثر مما يمكن الإجابة عنه الآن.
ui-problem-busy-do = انتظر بضع ثوانٍ ثم حاول مرة أخرى.
ui-problem-timeout = استغرق ذلك وقتًا طويلاً
ui-problem-timeout-what = لم ينتهِ العمل في الوقت المتاح للصفحة.
ui-problem-timeout-do = ربما أُنجز جزء منه. انظر إلى الحالة الحالية قبل أن تعيد المحاولة.
ui-problem-conflict = سبقك شخص آخر
ui-problem-conflict-what = ما أردت تغييره لم يعد كما رأيته.
ui-problem-conflict-do = ارجع وانظر إلى الحالة الحالية ثم أجرِ تغييرك مرة أخرى.
ui-problem-too-large = الحجم كبير جداً
ui-problem-too-large-what = ما أُرسل أكبر مما تقبله هذه الصفحة.
ui-problem-too-large-do = أرسل أقل في كل مرة.
ui-problem-failed = حدث خطأ
ui-problem-failed-what = لم يتمكن النظام من تنفيذ ذلك.
ui-problem-failed-do = حاول مرة أخرى بعد لحظة. إذا تكرر الأمر فأخبر المشغّل بالوقت والرمز أدناه.
ui-problem-invalid = تعذّر فهم الطلب
ui-problem-invalid-what = ما أُرسل ليس بالشكل المتوقع.
ui-problem-invalid-do = ارجع وصحّح ما هو مذكور أدناه.
problem-web-forged-request = كانت الصفحة أقدم من تسجيل دخولك، أو جاءت من مكان آخر.
problem-web-key-not-found = لا يوجد مفتاح كهذا.
problem-web-invalid-parameter = عنوان الصفحة غير مكتمل، أو فيه قيمة غير ممكنة.
problem-web-rate-limited = طلبت صفحات أكثر مما يُسمح به في الدقيقة.
problem-web-body-unreadable = لم يصل النموذج أو الملف كاملاً.
