//! The invented country in which the sample population lives.

use super::draw::Draw;

/// A town or village with its district and the first digits of its postal codes.
#[derive(Debug, Clone, Copy)]
struct Place {
    name: &'static str,
    district: &'static str,
    postal: u32,
}

const fn place(name: &'static str, district: &'static str, postal: u32) -> Place {
    Place { name, district, postal }
}

/// Places with their weights: one capital, some towns, villages.
const PLACES: &[(Place, u32)] = &[
    (place("Mwanda", "Capital District", 100), 220),
    (place("Port Selim", "Capital District", 104), 90),
    (place("Kisara", "Lake District", 210), 80),
    (place("Ndovu Bay", "Lake District", 214), 35),
    (place("Pwani Mpya", "Lake District", 217), 18),
    (place("Santa Lucerna", "Highland District", 320), 70),
    (place("Alto Verde", "Highland District", 323), 30),
    (place("Cerro Blanco", "Highland District", 326), 14),
    (place("Saint-Amadou", "River District", 430), 75),
    (place("Belle Rive", "River District", 434), 32),
    (place("Diamakoro", "River District", 438), 16),
    (place("Qasr al-Nahr", "Desert District", 540), 60),
    (place("Wadi Salam", "Desert District", 543), 28),
    (place("Bir Zahra", "Desert District", 547), 12),
    (place("Amba Selam", "Plateau District", 650), 55),
    (place("Bahir Gebeya", "Plateau District", 655), 24),
    (place("Shantipur", "Delta District", 760), 65),
    (place("Navagram", "Delta District", 764), 30),
    (place("Newbridge", "Coast District", 870), 50),
    (place("Little Harbour", "Coast District", 873), 20),
];

const STREETS: &[&str] = &[
    "Acacia Road",
    "Avenue de la Paix",
    "Barabara ya Uhuru",
    "Calle del Mercado",
    "Canal Street",
    "Church Road",
    "Gandhi Marg",
    "Hospital Road",
    "Independence Avenue",
    "Jacaranda Lane",
    "Market Street",
    "Mosque Street",
    "Mtaa wa Soko",
    "Rue des Écoles",
    "Rue du Marché",
    "Sharia al-Madrasa",
    "Sharia al-Nakhil",
    "Station Road",
    "Teachers' Close",
    "Water Tower Road",
];

/// Where a household lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) street: String,
    pub(super) place: &'static str,
    pub(super) district: &'static str,
    pub(super) postal_code: String,
}

impl Address {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        let here = draw.weighted(PLACES).unwrap_or(place("Mwanda", "Capital District", 100));
        Self {
            street: format!("{} {}", draw.between(1, 240), draw.pick(STREETS)),
            place: here.name,
            district: here.district,
            postal_code: format!("{:03}{:02}", here.postal, draw.below(40)),
        }
    }
}
