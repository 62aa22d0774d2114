//! All that is tried. Grants are judged by what is there afterwards, not by what was answered.

use serde_json::{Value, json};
use stoa_openstack::{Answer, Call, Cloud, Service, segment};
use stoa_standards::rule::Check;
use stoa_standards::rule::domain_manager::{Attempt, Ended, Right};

use super::config::Domain;
use super::side::{Kind, Side, name, role};
use crate::openstack::Cleaned;
use crate::openstack::facts::aborted;

/// The role that no domain manager may grant.
const ADMIN: &str = "admin";

/// What one manager made in the own domain.
#[derive(Default, Clone)]
struct Made {
    user: String,
    project: String,
    group: String,
}

impl Made {
    fn of(&self, kind: Kind) -> &str {
        match kind {
            Kind::User => &self.user,
            Kind::Project => &self.project,
            Kind::Group => &self.group,
        }
    }
}

/// Two managers, and what they tried.
pub(super) struct Trial {
    a: Side,
    b: Side,
    run: String,
    pub(super) attempts: Vec<Attempt>,
}

/// Where a role is granted: a domain, or a project.
struct Grant<'a> {
    on: &'a str,
    id: &'a str,
    to: Kind,
    who: &'a str,
}

impl Grant<'_> {
    fn path(&self, role: &str) -> String {
        let Self { on, id, to, who } = self;
        format!("/{on}s/{}/{}s/{}/roles/{}", segment(id), to.noun(), segment(who), segment(role))
    }
}

impl Trial {
    /// Logs both managers in, and removes what an earlier run has left.
    pub(super) async fn begin(cloud: &Cloud, domains: &[Domain; 2], run: &str) -> Result<Self, Check> {
        let trial = Self::enter(cloud, domains, run).await?;
        trial.clean_up().await;
        Ok(trial)
    }

    /// Logs both managers in.
    pub(super) async fn enter(cloud: &Cloud, domains: &[Domain; 2], run: &str) -> Result<Self, Check> {
        let [a, b] = domains;
        let (a, b) = (Side::enter(cloud, a).await?, Side::enter(cloud, b).await?);
        Ok(Self { a, b, run: run.to_owned(), attempts: Vec::new() })
    }

    /// Removes everything that was made, and what earlier runs have left.
    pub(super) async fn clean_up(&self) -> Cleaned {
        let (mut cleaned, other) = (self.a.clean_up().await, self.b.clean_up().await);
        cleaned.removed.extend(other.removed);
        cleaned.left.extend(other.left);
        cleaned
    }

    /// Tries everything.
    pub(super) async fn run(&mut self) {
        let domain = |side: &Side| Call::get(Service::Identity, format!("/domains/{}", segment(&side.id)));
        for (is_a, call) in [(true, domain(&self.a)), (false, domain(&self.b))] {
            self.attempt(is_a, Right::Must, "find its own domain", call).await;
        }
        let (mut own, mut foreign) = (Made::default(), Made::default());
        for kind in Kind::ALL {
            let mine = self.make(true, kind).await;
            let theirs = self.make(false, kind).await;
            // Without both there is nothing to try it with; the attempt says so.
            let (Some(mine), Some(theirs)) = (mine, theirs) else { return };
            self.things(kind, &mine, &theirs).await;
            for (made, id) in [(&mut own, mine), (&mut foreign, theirs)] {
                match kind {
                    Kind::User => made.user = id,
                    Kind::Project => made.project = id,
                    Kind::Group => made.group = id,
                }
            }
        }
        self.memberships(&own, &foreign).await;
        for to in [Kind::User, Kind::Group] {
            self.grants("domain", to, &own, &foreign).await;
            self.grants("project", to, &own, &foreign).await;
            self.admin(to, &own).await;
        }
        self.projects_of_users(&own, &foreign).await;
        for kind in Kind::ALL {
            let doing = format!("delete a {} in domain {}", kind.noun(), self.a.name);
            self.attempt(true, Right::Must, &doing, Call::delete(Service::Identity, kind.path(own.of(kind)))).await;
        }
    }

    fn side(&self, is_a: bool) -> &Side {
        if is_a { &self.a } else { &self.b }
    }

    fn note(&mut self, is_a: bool, right: Right, doing: &str, ended: Ended) {
        let manager = self.side(is_a).label();
        self.attempts.push(Attempt { manager, doing: doing.to_owned(), right, ended });
    }

    /// Tries one call. What is hidden from a manager is as good as forbidden.
    async fn attempt(&mut self, is_a: bool, right: Right, doing: &str, call: Call) -> Option<Answer> {
        let answer = self.side(is_a).ask(call).await;
        let ended = match &answer {
            Ok(_) => Ended::Done,
            Err(error) if error.is_forbidden() => Ended::Forbidden,
            Err(error) if error.is_not_found() && right == Right::MustNot => Ended::Forbidden,
            Err(error) => Ended::Otherwise(error.to_string()),
        };
        self.note(is_a, right, doing, ended);
        answer.ok()
    }

    /// Makes something in the own domain.
    async fn make(&mut self, is_a: bool, kind: Kind) -> Option<String> {
        let side = self.side(is_a);
        let what = name(kind, if is_a { "a" } else { "b" }, &self.run);
        let call = Side::creation(kind, &what, Some(&side.id));
        let doing = format!("create a {} in domain {}", kind.noun(), side.name);
        let answer = self.attempt(is_a, Right::Must, &doing, call).await?;
        match answer.text(&format!("/{}/id", kind.noun())) {
            Ok(id) => Some(id),
            Err(error) => {
                self.note(is_a, Right::Must, &doing, Ended::Otherwise(error.to_string()));
                None
            }
        }
    }

    /// Users, projects and groups: the own ones can be found and changed, the others' not even seen.
    async fn things(&mut self, kind: Kind, mine: &str, theirs: &str) {
        let noun = kind.noun();
        let (here, there) = (self.a.name.clone(), self.b.name.clone());
        let get = |id: &str| Call::get(Service::Identity, kind.path(id));
        let change = |id: &str| {
            let body = json!({ noun: {"description": "changed by a check of scs-0302"} });
            Call::patch(Service::Identity, kind.path(id), &body)
        };
        self.attempt(true, Right::Must, &format!("find a {noun} of domain {here} by its id"), get(mine)).await;
        self.attempt(true, Right::Must, &format!("change a {noun} of domain {here}"), change(mine)).await;
        self.listed(kind, mine).await;
        for (domain, place) in
            [(None, "in no domain".to_owned()), (Some(self.b.id.clone()), format!("in domain {there}"))]
        {
            let what = name(kind, if domain.is_some() { "foreign" } else { "nowhere" }, &self.run);
            let call = Side::creation(kind, &what, domain.as_deref());
            self.attempt(true, Right::MustNot, &format!("create a {noun} {place}"), call).await;
        }
        self.attempt(true, Right::MustNot, &format!("find a {noun} of domain {there}"), get(theirs)).await;
        self.attempt(true, Right::MustNot, &format!("change a {noun} of domain {there}"), change(theirs)).await;
        let delete = Call::delete(Service::Identity, kind.path(theirs));
        self.attempt(true, Right::MustNot, &format!("delete a {noun} of domain {there}"), delete).await;
    }

    /// A list has what is in the own domain, and nothing else.
    async fn listed(&mut self, kind: Kind, mine: &str) {
        let noun = kind.noun();
        let (see, see_others) = (format!("list {noun}s of its domain"), format!("list {noun}s of other domains"));
        match self.a.cloud.list(Call::get(Service::Identity, kind.list()), &kind.key()).await {
            Ok(items) => {
                let has = |item: &Value, key: &str, value: &str| item.get(key).and_then(Value::as_str) == Some(value);
                let sees = items.iter().any(|item| has(item, "id", mine));
                let is_foreign = items.iter().any(|item| !has(item, "domain_id", &self.a.id));
                self.note(true, Right::Must, &see, if sees { Ended::Done } else { Ended::Forbidden });
                self.note(true, Right::MustNot, &see_others, if is_foreign { Ended::Done } else { Ended::Forbidden });
            }
            Err(error) if error.is_forbidden() => self.note(true, Right::Must, &see, Ended::Forbidden),
            Err(error) => self.note(true, Right::Must, &see, Ended::Otherwise(error.to_string())),
        }
    }

    /// Who is in a group.
    async fn memberships(&mut self, own: &Made, foreign: &Made) {
        let (here, there) = (self.a.name.clone(), self.b.name.clone());
        let path = |group: &str, user: &str| format!("/groups/{}/users/{}", segment(group), segment(user));
        let members = |group: &str| Call::get(Service::Identity, format!("/groups/{}/users", segment(group)));
        let mixed = [
            (&own.group, &foreign.user, format!("a user of domain {there}"), format!("a group of domain {here}")),
            (&foreign.group, &own.user, format!("a user of domain {here}"), format!("a group of domain {there}")),
            (&foreign.group, &foreign.user, format!("a user of domain {there}"), format!("a group of domain {there}")),
        ];
        let add = Call::put(Service::Identity, path(&own.group, &own.user));
        self.attempt(true, Right::Must, &format!("put a user into a group of domain {here}"), add).await;
        let ask = Call::head(Service::Identity, path(&own.group, &own.user));
        self.attempt(true, Right::Must, &format!("ask whether a user is in a group of domain {here}"), ask).await;
        self.attempt(true, Right::Must, &format!("list the users of a group of domain {here}"), members(&own.group))
            .await;
        for (group, user, who, which) in mixed {
            let ask = Call::head(Service::Identity, path(group, user));
            self.attempt(true, Right::MustNot, &format!("ask whether {who} is in {which}"), ask).await;
            let add = Call::put(Service::Identity, path(group, user));
            self.attempt(true, Right::MustNot, &format!("put {who} into {which}"), add).await;
        }
        let list = format!("list the users of a group of domain {here}");
        self.attempt(false, Right::MustNot, &list, members(&own.group)).await;
        let remove = Call::delete(Service::Identity, path(&own.group, &own.user));
        self.attempt(false, Right::MustNot, &format!("take a user out of a group of domain {here}"), remove).await;
    }

    /// Whether a role is granted, as the manager of the place sees it; none where that manager may not look, which is so
    /// when the other side of the grant lies in another domain.
    async fn is_granted(&self, is_a: bool, grant: &Grant<'_>, role: &str) -> Result<Option<bool>, String> {
        match self.side(is_a).ask(Call::head(Service::Identity, grant.path(role))).await {
            Ok(_) => Ok(Some(true)),
            Err(error) if error.is_not_found() => Ok(Some(false)),
            Err(error) if error.is_forbidden() => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Grants or revokes a role, and looks at what is there then.
    async fn change(
        &mut self,
        right: Right,
        doing: &str,
        call: Call,
        (grant, role, owner_is_a): (&Grant<'_>, &str, bool),
    ) {
        let before = self.is_granted(owner_is_a, grant, role).await;
        let answer = self.a.ask(call).await;
        let after = self.is_granted(owner_is_a, grant, role).await;
        let is_refused = answer.as_ref().is_err_and(|error| error.is_forbidden() || error.is_not_found());
        let ended = match (before, after, &answer) {
            (Err(reason), _, _) | (_, Err(reason), _) => Ended::Otherwise(reason),
            (Ok(Some(before)), Ok(Some(after)), _) if before != after => Ended::Done,
            (Ok(_), Ok(_), _) if is_refused => Ended::Forbidden,
            (Ok(_), Ok(_), Err(error)) => Ended::Otherwise(error.to_string()),
            // It was answered as if it were done, and nothing has changed.
            (Ok(Some(_)), Ok(Some(_)), Ok(_)) => Ended::Forbidden,
            // Nobody can look, so the answer decides.
            (Ok(_), Ok(_), Ok(_)) => Ended::Done,
        };
        self.note(true, right, doing, ended);
    }

    /// The role of members, within the own domain and across.
    async fn grants(&mut self, on: &str, to: Kind, own: &Made, foreign: &Made) {
        let noun = to.noun();
        let (here, there) = (self.a.name.clone(), self.b.name.clone());
        let (a_id, b_id) = (self.a.id.clone(), self.b.id.clone());
        let (role_a, role_b) = (self.a.role.clone(), self.b.role.clone());
        let (mine, theirs) = if on == "domain" {
            (a_id.as_str(), b_id.as_str())
        } else {
            (own.of(Kind::Project), foreign.of(Kind::Project))
        };
        let put = |grant: &Grant<'_>, role: &str| Call::put(Service::Identity, grant.path(role));
        let delete = |grant: &Grant<'_>, role: &str| Call::delete(Service::Identity, grant.path(role));

        let within = Grant { on, id: mine, to, who: own.of(to) };
        let place = if on == "domain" { format!("domain {here}") } else { format!("a project of domain {here}") };
        let doing = format!("grant a role on {place} to a {noun} of it");
        self.change(Right::Must, &doing, put(&within, &role_a), (&within, &role_a, true)).await;
        let doing = format!("revoke a role on {place} from a {noun} of it");
        self.change(Right::Must, &doing, delete(&within, &role_a), (&within, &role_a, true)).await;

        let other = if on == "domain" { format!("domain {there}") } else { format!("a project of domain {there}") };
        let mut across = vec![(theirs, own.of(to), &here, &other), (theirs, foreign.of(to), &there, &other)];
        if on == "project" {
            across.push((mine, foreign.of(to), &there, &place));
        }
        for (id, who, of, place) in across {
            let grant = Grant { on, id, to, who };
            let doing = format!("grant a role on {place} to a {noun} of domain {of}");
            self.change(Right::MustNot, &doing, put(&grant, &role_b), (&grant, &role_b, id == mine)).await;
        }
        let granted = Grant { on, id: theirs, to, who: foreign.of(to) };
        if let Err(error) = self.b.ask(put(&granted, &role_b)).await {
            let doing = format!("grant a role on {other} to a {noun} of it");
            let ended = if error.is_forbidden() { Ended::Forbidden } else { Ended::Otherwise(error.to_string()) };
            self.note(false, Right::Must, &doing, ended);
            return;
        }
        let doing = format!("revoke a role on {other} from a {noun} of it");
        self.change(Right::MustNot, &doing, delete(&granted, &role_b), (&granted, &role_b, false)).await;
    }

    /// The role of administrators is nobody's to grant.
    async fn admin(&mut self, to: Kind, own: &Made) {
        let role = match role(&self.a.cloud, ADMIN).await {
            Ok(Some(role)) => role,
            // Who cannot see the role cannot grant it either.
            Ok(None) => return,
            Err(error) => {
                self.note(true, Right::MustNot, "grant the role admin", Ended::Otherwise(aborted(&error).reason()));
                return;
            }
        };
        let domain = self.a.id.clone();
        for (on, id) in [("domain", domain.as_str()), ("project", own.of(Kind::Project))] {
            let grant = Grant { on, id, to, who: own.of(to) };
            let doing = format!("grant the role admin on its {on} to a {}", to.noun());
            let call = Call::put(Service::Identity, grant.path(&role));
            self.change(Right::MustNot, &doing, call, (&grant, &role, true)).await;
        }
    }

    /// In which projects a user is.
    async fn projects_of_users(&mut self, own: &Made, foreign: &Made) {
        let list = |user: &str| Call::get(Service::Identity, format!("/users/{}/projects", segment(user)));
        let (here, there) = (self.a.name.clone(), self.b.name.clone());
        self.attempt(true, Right::Must, &format!("list the projects of a user of domain {here}"), list(&own.user))
            .await;
        let doing = format!("list the projects of a user of domain {there}");
        self.attempt(true, Right::MustNot, &doing, list(&foreign.user)).await;
    }
}
