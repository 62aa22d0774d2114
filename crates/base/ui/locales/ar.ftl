ui-skip = انتقل إلى المحتوى
ui-menu = القائمة
ui-navigation = لوحة الإدارة
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
ui-console = لوحة الإدارة
ui-docs = وثائق واجهات البرمجة
ui-error = خطأ
ui-error-summary = حدثت مشكلة
ui-optional = اختياري
ui-date-day = اليوم
ui-date-month = الشهر
ui-date-year = السنة
ui-filter = اعرض
ui-cancel = إلغاء
ui-copy = نسخ
ui-copied = تم النسخ
ui-nothing = لا يوجد شيء هنا بعد.
ui-pages = الصفحات
ui-previous = السابق
ui-next = التالي
ui-paging = { $first-text } إلى { $last-text } من أصل { $total-text }
ui-rows =
    { $count ->
        [zero] لا صفوف
        [one] صف واحد
        [two] صفان
        [few] { $count-text } صفوف
        [many] { $count-text } صفًا
       *[other] { $count-text } صف
    }
ui-progress = { $done-text } من أصل { $total-text }
ui-chart-summary = أعلى قيمة هي { $most }. جميع القيم في الجدول أسفل الرسم البياني.
ui-chart-table = الأرقام في جدول
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
