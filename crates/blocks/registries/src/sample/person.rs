//! A person as the population register holds them, and the schema of that register.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};
use stoa_core::Date;

use super::NationalId;
use super::draw::Draw;
use super::household::{Marital, Member, Relation, Sex};
use super::places::Address;

/// The short code under which the sample population is kept.
pub const REGISTER_CODE: &str = "population";
/// The name of the sample population's register.
pub const REGISTER_NAME: &str = "Population (sample)";

/// One made-up person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The identifier; unique in the population.
    pub national_id: NationalId,
    /// Given names.
    pub given_names: String,
    /// The family name, both surnames, or the father's and grandfather's names.
    pub family_name: String,
    /// The sex.
    pub sex: Sex,
    /// The day of birth.
    pub birth_date: Date,
    /// The marital status.
    pub marital: Marital,
    /// The number of the household, `H000000001`.
    pub household: String,
    /// How the person belongs to the household.
    pub relation: Relation,
    /// The mother, when she lives in the same household.
    pub mother: Option<NationalId>,
    /// The father, when he lives in the same household.
    pub father: Option<NationalId>,
    /// House number and street.
    pub street: String,
    /// Town or village.
    pub place: &'static str,
    /// District.
    pub district: &'static str,
    /// Postal code, five digits.
    pub postal_code: String,
    /// A telephone number that cannot be anybody's, for adults.
    pub phone: Option<String>,
}

/// The members of one household as persons; `before` persons came in earlier households.
pub(super) fn persons(seed: u64, household: u64, before: u64, members: Vec<Member>) -> VecDeque<Person> {
    // A stream apart, so that an address does not change when the rules of households do.
    let mut draw = Draw::new(!seed, household);
    let address = Address::draw(&mut draw);
    let id = |at: usize| NationalId::of(seed, before + at as u64);
    let name = format!("H{:09}", household + 1);
    members
        .into_iter()
        .enumerate()
        .map(|(at, member)| Person {
            national_id: id(at),
            phone: (member.age_days > 16 * 365 && draw.chance(85))
                .then(|| format!("+999{:08}", draw.below(100_000_000))),
            given_names: member.given,
            family_name: member.family,
            sex: member.sex,
            birth_date: member.born,
            marital: member.marital,
            household: name.clone(),
            relation: member.relation,
            mother: member.mother.map(id),
            father: member.father.map(id),
            street: address.street.clone(),
            place: address.place,
            district: address.district,
            postal_code: address.postal_code.clone(),
        })
        .collect()
}

impl Sex {
    /// The word in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

impl Relation {
    /// The word in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Parent => "parent",
        }
    }
}

impl Marital {
    /// The word in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Married => "married",
            Self::Divorced => "divorced",
            Self::Widowed => "widowed",
        }
    }
}

impl Person {
    /// The content of the person's record; fields without a value are left out.
    pub fn content(&self) -> Map<String, Value> {
        let mut content = Map::with_capacity(COLUMNS.len());
        for (name, value) in self.columns() {
            if let Some(value) = value {
                content.insert(name.to_owned(), Value::String(value));
            }
        }
        content
    }

    /// Every field of the register with its value, in the order of [`COLUMNS`].
    fn columns(&self) -> [(&'static str, Option<String>); COLUMNS.len()] {
        let [
            id,
            given,
            family,
            sex,
            born,
            marital,
            household,
            relation,
            mother,
            father,
            street,
            place,
            district,
            postal,
            phone,
        ] = COLUMNS;
        let text = |text: &str| Some(text.to_owned());
        [
            (id, Some(self.national_id.to_string())),
            (given, text(&self.given_names)),
            (family, text(&self.family_name)),
            (sex, text(self.sex.as_str())),
            (born, Some(self.birth_date.to_string())),
            (marital, text(self.marital.as_str())),
            (household, text(&self.household)),
            (relation, text(self.relation.as_str())),
            (mother, self.mother.map(|id| id.to_string())),
            (father, self.father.map(|id| id.to_string())),
            (street, text(&self.street)),
            (place, text(self.place)),
            (district, text(self.district)),
            (postal, text(&self.postal_code)),
            (phone, self.phone.clone()),
        ]
    }
}

/// The fields of the register, in order: also the head of the CSV file.
pub const COLUMNS: [&str; 15] = [
    "nationalId",
    "givenNames",
    "familyName",
    "sex",
    "birthDate",
    "maritalStatus",
    "household",
    "relation",
    "mother",
    "father",
    "street",
    "place",
    "district",
    "postalCode",
    "phone",
];

/// The languages of [`TITLES`], in their order.
const LANGUAGES: [&str; 4] = ["en", "fr", "ar", "sw"];

/// What people call each field.
const TITLES: [(&str, [&str; 4]); 15] = [
    ("nationalId", ["National id", "Numéro national", "الرقم الوطني", "Nambari ya kitaifa"]),
    ("givenNames", ["Given names", "Prénoms", "الأسماء الأولى", "Majina ya kwanza"]),
    ("familyName", ["Family name", "Nom de famille", "اسم العائلة", "Jina la ukoo"]),
    ("sex", ["Sex", "Sexe", "الجنس", "Jinsia"]),
    ("birthDate", ["Date of birth", "Date de naissance", "تاريخ الميلاد", "Tarehe ya kuzaliwa"]),
    ("maritalStatus", ["Marital status", "État civil", "الحالة الاجتماعية", "Hali ya ndoa"]),
    ("household", ["Household", "Ménage", "الأسرة", "Kaya"]),
    ("relation", ["Place in the household", "Place dans le ménage", "الصفة في الأسرة", "Nafasi katika kaya"]),
    ("mother", ["Mother", "Mère", "الأم", "Mama"]),
    ("father", ["Father", "Père", "الأب", "Baba"]),
    ("street", ["Street", "Rue", "الشارع", "Mtaa"]),
    ("place", ["Town or village", "Localité", "المدينة أو القرية", "Mji au kijiji"]),
    ("district", ["District", "District", "المنطقة", "Wilaya"]),
    ("postalCode", ["Postal code", "Code postal", "الرمز البريدي", "Msimbo wa posta"]),
    ("phone", ["Telephone", "Téléphone", "الهاتف", "Simu"]),
];

/// What people call the values to choose from.
const ENUM_TITLES: [(&str, &str, [&str; 4]); 10] = [
    ("sex", "female", ["Female", "Femme", "أنثى", "Mwanamke"]),
    ("sex", "male", ["Male", "Homme", "ذكر", "Mwanamume"]),
    ("maritalStatus", "single", ["Single", "Célibataire", "أعزب", "Hajaoa wala kuolewa"]),
    ("maritalStatus", "married", ["Married", "Marié", "متزوج", "Ameoa au ameolewa"]),
    ("maritalStatus", "divorced", ["Divorced", "Divorcé", "مطلق", "Ametalikiana"]),
    ("maritalStatus", "widowed", ["Widowed", "Veuf", "أرمل", "Mjane"]),
    ("relation", "head", ["Head", "Chef de ménage", "رب الأسرة", "Mkuu wa kaya"]),
    ("relation", "spouse", ["Spouse", "Conjoint", "الزوج", "Mwenzi wa ndoa"]),
    ("relation", "child", ["Child", "Enfant", "ابن", "Mtoto"]),
    ("relation", "parent", ["Parent", "Parent", "أحد الوالدين", "Mzazi"]),
];

fn titles_of(titles: &[&str; 4]) -> Value {
    LANGUAGES
        .iter()
        .zip(titles)
        .map(|(language, title)| ((*language).to_owned(), Value::from(*title)))
        .collect::<Map<_, _>>()
        .into()
}

/// The schema of the register. `register` is its own id, for the links from persons to their parents; without it they are
/// plain texts.
pub fn schema(register: Option<i64>) -> Value {
    let mut properties = Map::new();
    for (at, name) in COLUMNS.into_iter().enumerate() {
        let mut field = json!({"id": at + 1, "type": "string", "personalData": true});
        let more = match name {
            "nationalId" => json!({"primaryKey": true, "personalDataId": true, "isFulltext": true}),
            "givenNames" | "familyName" => json!({"isFulltext": true}),
            "sex" => json!({"enum": ["female", "male"]}),
            "maritalStatus" => json!({"enum": ["single", "married", "divorced", "widowed"]}),
            "relation" => json!({"enum": ["head", "spouse", "child", "parent"]}),
            "birthDate" => json!({"format": "date"}),
            "mother" | "father" => register.map_or(
                json!({}),
                |id| json!({"foreignKeys": [{"databaseKey": id.to_string(), "values": [{"fieldKey": "1"}]}]}),
            ),
            "place" | "district" => json!({"isFulltext": true, "personalData": false}),
            _ => json!({}),
        };
        let titles = TITLES.iter().find(|(titled, _)| *titled == name).map(|(_, titles)| titles_of(titles));
        let words = ENUM_TITLES.iter().filter(|(field, ..)| *field == name);
        let words: Map<String, Value> =
            words.map(|(_, word, titles)| ((*word).to_owned(), titles_of(titles))).collect();
        if let (Some(field), Value::Object(more)) = (field.as_object_mut(), more) {
            field.extend(more);
            field.extend(titles.map(|titles| ("x-titles".to_owned(), titles)));
            field.extend((!words.is_empty()).then(|| ("x-enumTitles".to_owned(), Value::Object(words))));
        }
        properties.insert(name.to_owned(), field);
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": ["nationalId", "givenNames", "familyName", "sex", "birthDate", "household", "relation"],
    })
}
