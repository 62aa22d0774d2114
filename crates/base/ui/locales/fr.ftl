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
ui-cancel = Annuler
ui-copy = Copier
ui-copied = Copié
ui-nothing = Il n’y a encore rien ici.
ui-pages = Pages
ui-previous = Précédent
ui-next = Suivant
ui-paging = { $first-text } à { $last-text } sur { $total-text }
ui-rows =
    { $count ->
        [one] { $count-text } ligne
       *[other] { $count-text } lignes
    }
ui-progress = { $done-text } sur { $total-text }
ui-chart-summary = La valeur la plus élevée est { $most }. Toutes les valeurs figurent dans le tableau sous le graphique.
ui-chart-table = Les chiffres sous forme de tableau
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
