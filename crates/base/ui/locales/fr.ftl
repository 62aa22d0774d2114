ui-skip = Aller au contenu
ui-menu = Menu
ui-navigation = Console
ui-breadcrumb = Vous êtes ici
ui-display = Langue et couleurs
ui-language = Langue
ui-theme = Couleurs
ui-theme-auto = Comme mon système
ui-theme-light = Clair
ui-theme-dark = Sombre
ui-signed-in = Session ouverte par
ui-sign-out = Se déconnecter
ui-footer = Une infrastructure publique numérique, construite par tous et pour tous.
ui-home = Accueil
ui-console = Console
ui-docs = Documents des API
ui-error = Erreur
ui-error-summary = Un problème est survenu
ui-optional = facultatif
ui-date-day = Jour
ui-date-month = Mois
ui-date-year = Année
ui-filter = Afficher
ui-search = Rechercher
ui-clear = Effacer
ui-cancel = Annuler
ui-copy = Copier
ui-copied = Copié
ui-nothing = Il n’y a encore rien ici.
ui-pages = Pages
ui-previous = Précédent
ui-next = Suivant
ui-first = Première
ui-last = Dernière
ui-sort = Trier par
ui-paging = { $first-text } à { $last-text } sur { $total-text }
ui-paging-pages = { $first-text } à { $last-text } sur { $total-text }, page { $page-text } sur { $pages-text }
ui-rows =
    { $count ->
        [one] { $count-text } ligne
       *[other] { $count-text } lignes
    }
ui-again = Regarder à nouveau
ui-progress = { $done-text } sur { $total-text }
ui-chart-summary = La valeur la plus élevée est { $most }. Toutes les valeurs figurent dans le tableau sous le graphique.
ui-chart-table = Les chiffres sous forme de tableau
ui-chart-nothing = Rien à montrer pour l’instant.
ui-ago = il y a { $duration }
ui-in = dans { $duration }
ui-duration-milliseconds = { $count-text } ms
ui-duration-seconds =
    { $count ->
        [one] { $count-text } seconde
       *[other] { $count-text } secondes
    }
ui-duration-minutes =
    { $count ->
        [one] { $count-text } minute
       *[other] { $count-text } minutes
    }
ui-duration-hours =
    { $count ->
        [one] { $count-text } heure
       *[other] { $count-text } heures
    }
ui-duration-days =
    { $count ->
        [one] { $count-text } jour
       *[other] { $count-text } jours
    }
ui-month-1 = janvier
ui-month-2 = février
ui-month-3 = mars
ui-month-4 = avril
ui-month-5 = mai
ui-month-6 = juin
ui-month-7 = juillet
ui-month-8 = août
ui-month-9 = septembre
ui-month-10 = octobre
ui-month-11 = novembre
ui-month-12 = décembre

# used: ui-problem-
# used: problem-
ui-banner-govstack = Profil GovStack : pour les tests de conformité et les ateliers seulement. Données d’exemple ; tout est effacé au prochain démarrage.
ui-problem-code = Problème
ui-problem-detail = En détail
ui-problem-back = Retour à la page précédente
ui-problem-unauthenticated = Connectez-vous d’abord
ui-problem-unauthenticated-what = Personne n’est connecté.
ui-problem-unauthenticated-do = Connectez-vous, puis rouvrez la page.
ui-problem-forbidden = Accès refusé
ui-problem-forbidden-what = Votre rôle ne le permet pas.
ui-problem-forbidden-do = Demandez à un administrateur la permission nommée ci-dessous, ou connectez-vous sous un autre nom.
ui-problem-not-found = Il n’y a rien ici
ui-problem-not-found-what = Cette page n’existe pas, ou n’existe plus.
ui-problem-not-found-do = Vérifiez l’adresse, ou repartez de la console.
ui-problem-busy = Trop de demandes
ui-problem-busy-what = Il y a plus de demandes que de réponses possibles en ce moment.
ui-problem-busy-do = Attendez quelques secondes et réessayez.
ui-problem-timeout = Cela a pris trop de temps
ui-problem-timeout-what = Le travail n’a pas été terminé dans le temps dont dispose une page.
ui-problem-timeout-do = Une partie a peut-être été faite. Regardez l’état présent avant de recommencer.
ui-problem-conflict = Quelqu’un a été plus rapide
ui-problem-conflict-what = Ce que vous vouliez modifier n’est plus tel que vous l’avez vu.
ui-problem-conflict-do = Revenez en arrière, regardez l’état présent et refaites votre modification.
ui-problem-too-large = C’est trop volumineux
ui-problem-too-large-what = L’envoi dépasse ce que cette page accepte.
ui-problem-too-large-do = Envoyez moins à la fois.
ui-problem-failed = Une erreur est survenue
ui-problem-failed-what = Le système n’a pas pu le faire.
ui-problem-failed-do = Réessayez dans un instant. Si cela se reproduit, donnez à l’exploitant l’heure et le code ci-dessous.
ui-problem-invalid = Demande incomprise
ui-problem-invalid-what = L’envoi n’a pas la forme attendue.
ui-problem-invalid-do = Revenez en arrière et corrigez ce qui est nommé ci-dessous.
problem-web-forged-request = La page était plus ancienne que votre connexion, ou venait d’ailleurs.
problem-web-key-not-found = Cette clé n’existe pas.
problem-web-invalid-parameter = L’adresse de la page est incomplète ou contient une valeur impossible.
problem-web-rate-limited = Vous avez demandé plus de pages qu’il n’est permis en une minute.
problem-web-body-unreadable = Le formulaire ou le fichier n’est pas arrivé en entier.
