//! What people call the fields of the registers of `iso-codes`, in the languages of the pages.

use crate::model::Schema;

const LANGUAGES: [&str; 4] = ["en", "fr", "ar", "sw"];

const TITLES: [(&str, [&str; 4]); 15] = [
    ("alpha_2", ["Two-letter code", "Code à deux lettres", "الرمز من حرفين", "Msimbo wa herufi mbili"]),
    ("alpha_3", ["Three-letter code", "Code à trois lettres", "الرمز من ثلاثة أحرف", "Msimbo wa herufi tatu"]),
    ("numeric", ["Numeric code", "Code numérique", "الرمز الرقمي", "Msimbo wa nambari"]),
    ("flag", ["Flag", "Drapeau", "العلم", "Bendera"]),
    ("name", ["Name", "Nom", "الاسم", "Jina"]),
    ("official_name", ["Official name", "Nom officiel", "الاسم الرسمي", "Jina rasmi"]),
    ("common_name", ["Common name", "Nom courant", "الاسم الشائع", "Jina la kawaida"]),
    ("inverted_name", ["Inverted name", "Nom inversé", "الاسم المقلوب", "Jina lililogeuzwa"]),
    (
        "other_names",
        ["Names in further languages", "Noms en d’autres langues", "الأسماء بلغات أخرى", "Majina kwa lugha nyingine"],
    ),
    ("code", ["Code", "Code", "الرمز", "Msimbo"]),
    ("type", ["Kind", "Sorte", "النوع", "Aina"]),
    ("parent", ["Belongs to", "Fait partie de", "يتبع", "Sehemu ya"]),
    ("country", ["Country", "Pays", "البلد", "Nchi"]),
    ("scope", ["Scope", "Portée", "النطاق", "Upeo"]),
    ("bibliographic", ["Bibliographic code", "Code bibliographique", "الرمز الببليوغرافي", "Msimbo wa bibliografia"]),
];

/// Languages' own names for themselves.
const OWN_NAMES: [(&str, &str); 11] = [
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("hi", "हिन्दी"),
    ("id", "Bahasa Indonesia"),
    ("pt", "Português"),
    ("ru", "Русский"),
    ("sw", "Kiswahili"),
    ("tr", "Türkçe"),
    ("zh-CN", "简体中文"),
];

/// The schema with a title for each field that has a known one.
#[must_use]
pub fn titled(mut schema: Schema) -> Schema {
    let titles = |name: &str| TITLES.iter().find(|(known, _)| *known == name).map(|(_, titles)| titles);
    for mut field in schema.fields().to_vec() {
        let [parent, tag] = field.path.as_slice() else {
            if let Some(titles) = titles(field.name()) {
                LANGUAGES.iter().zip(titles).for_each(|(language, title)| field.titles.set(language, title));
                schema.put(field);
            }
            continue;
        };
        let own = OWN_NAMES.iter().find(|(known, _)| known == tag).map_or(tag.as_str(), |(_, own)| *own);
        if let ("names", Some(titles)) = (parent.as_str(), titles("name")) {
            let titles = titles.map(|title| format!("{title} ({own})"));
            LANGUAGES.iter().zip(titles).for_each(|(language, title)| field.titles.set(language, &title));
            schema.put(field);
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_and_names_by_language_have_titles_and_others_stay() {
        let schema = json!({"type": "object", "properties": {
            "alpha_2": {"type": "string"}, "odd": {"type": "string"},
            "names": {"type": "object", "properties": {"zh-CN": {"type": "string"}}}
        }});
        let schema = titled(Schema::read(&schema, None).unwrap());
        let shown: Vec<_> = schema.fields().iter().map(|field| field.titles.best("fr")).collect();
        assert_eq!(shown, [Some("Code à deux lettres"), None, Some("Nom (简体中文)")]);
    }
}
